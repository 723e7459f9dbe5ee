package drift

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/protocol"
)

// findings is the name space of the ids that findings have as commands.
var findings = uuid.MustParse("7d1f7c6e-2f9a-5c3b-8a44-6b0f6c3b9e52")

// maxTries is how often a change of records is decided since the zone is otherwise by then.
const maxTries = 5

// finding is what an agent has found.
type finding struct {
	*Service
	agent int64
	protocol.DriftFinding
}

// zoneNow is a zone in a view as the read model has it.
type zoneNow struct {
	dnsmodel.Zone
	view   string
	serial uint32
	fleet  dns.Fleet
	kept   map[string]*zonedata.RRset
}

// note notes the finding in the log: as adopted if that is wanted and not refused, else as what the
// agent does about it.
func (f *finding) note(ctx context.Context) (protocol.DriftVerdict, error) {
	var refusal error
	for try := range maxTries {
		cmd, update, err := f.command(ctx)
		if err == nil && update == nil {
			break
		}
		var v protocol.DriftVerdict
		if err == nil {
			v, err = f.execute(ctx, cmd.Adopting(update), "adopt")
		}
		switch {
		case err == nil:
			return v, nil
		case errors.Is(err, zoneupdate.ErrStale) && try < maxTries-1:
			continue
		case refused(err):
			if refusal = err; try == 0 { // what is read in rounds may have been otherwise in one of them
				continue
			}
		default:
			return v, err
		}
		break
	}
	if refusal != nil {
		f.Reason, f.Update = "not adopted: "+refusal.Error(), nil
	}
	cmd, _, err := f.command(ctx)
	if err != nil {
		return protocol.DriftVerdict{}, err
	}
	return f.execute(ctx, cmd, "")
}

// refused says whether a change of records is refused, and would be again.
func refused(err error) bool {
	_, rule := errors.AsType[*domain.Error](err)
	_, parts := errors.AsType[*batch.Error](err)
	_, unmet := errors.AsType[*zoneupdate.Failure](err)
	return rule || parts || unmet || errors.Is(err, batch.ErrTooManyEvents) || errors.Is(err, zoneupdate.ErrStale)
}

// command makes the command, and the change of records that the finding asks for, nil for none.
func (f *finding) command(ctx context.Context) (cmd dns.FindDrift, update *zoneupdate.Update, err error) {
	cmd, err = dns.NewFindDrift(dns.DriftFound{
		ServerID: f.agent, ZoneID: f.ZoneID, Zone: f.Zone, ViewID: f.ViewID, What: f.What, Expected: f.Expected, Found: f.Found,
		Done: f.Done, Reason: f.Reason, By: f.By, Zones: f.Zones,
	})
	if err != nil || f.ZoneID == 0 {
		return cmd, nil, err
	}
	msg, err := f.message()
	if err != nil {
		return cmd, nil, err
	}
	zone, err := f.zone(ctx, msg)
	if err != nil || zone == nil {
		return cmd, nil, err
	}
	if f.Serial != nil {
		cmd = cmd.Over(*f.Serial, zone.serial)
	}
	if msg == nil {
		return cmd, nil, nil
	}
	update, err = zoneupdate.New(zoneupdate.Target{
		ZoneID: zone.ID, Zone: zone.Name, ViewID: f.ViewID, View: zone.view, Fleet: zone.fleet, Kept: zone.kept,
	}, msg.Answer, msg.Ns)
	return cmd, update, err
}

// message is the update message of the finding, nil for none.
func (f *finding) message() (*mdns.Msg, error) {
	if f.Update == nil {
		return nil, nil
	}
	msg := new(mdns.Msg)
	return msg, msg.Unpack(f.Update)
}

// zone reads the zone, once the read models have all that the log has now; nil for one that is gone.
func (f *finding) zone(ctx context.Context, msg *mdns.Msg) (*zoneNow, error) {
	head, err := f.cfg.Store.Head(ctx)
	if err == nil {
		err = f.cfg.Progress.Wait(ctx, domain.ContextDNS, head.Last[domain.ContextDNS])
	}
	if err != nil {
		return nil, err
	}
	z := &zoneNow{}
	if z.Zone, err = f.cfg.Reader.Zone(ctx, f.ZoneID); errors.Is(err, query.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at := slices.Index(z.ViewIDs, f.ViewID)
	if at < 0 || at >= len(z.ViewNames) || dns.HaveZoneFile(z.ZoneData) != nil {
		return nil, nil
	}
	z.view = z.ViewNames[at]
	if z.fleet, err = f.cfg.Reader.ResolvedFleet(ctx); err != nil {
		return nil, err
	}
	err = f.cfg.Reader.Content(ctx, z.ID, f.ViewID, func(c *dnsmodel.Content) (err error) {
		z.serial = c.Serial
		if msg != nil && len(c.Settings.KeptFrom()) > 0 {
			z.kept, err = c.Kept(owners(z.Name, msg)...)
		}
		return err
	})
	if errors.Is(err, query.ErrNotFound) {
		return nil, nil
	}
	return z, err
}

func owners(zone string, msg *mdns.Msg) (list []string) {
	for _, rr := range msg.Answer {
		if owner, inside := zonedata.Relative(rr.Header().Name, zonedata.Absolute(zone)); inside {
			list = append(list, owner)
		}
	}
	return list
}

// execute appends what the command decides, once for each finding and way.
func (f *finding) execute(ctx context.Context, cmd dns.FindDrift, way string) (protocol.DriftVerdict, error) {
	name := append([]byte(way+"\x00"+protocol.SubjectDrift(f.agent)+"\x00"), f.ID[:]...)
	receipt, err := f.cfg.Store.Execute(ctx, eventstore.Request{
		Command: cmd, Actor: domain.System, Door: domain.DoorAgent, CommandID: uuid.NewSHA1(findings, name),
	})
	if err != nil || len(receipt.Events) == 0 {
		return protocol.DriftVerdict{}, err
	}
	v := protocol.DriftVerdict{}
	for _, e := range receipt.Events {
		if found, is := e.Event.(dns.DriftFound); is {
			v.Done, v.Reason = found.Done, found.Reason
		}
	}
	if len(receipt.Events) > 1 {
		v.Await = receipt.Last
	}
	if !receipt.Replayed {
		f.count()
	}
	return v, nil
}

// count counts a finding on the agent's server.
func (f *finding) count() {
	servers, _ := f.cfg.Roster.Enrolled()
	for _, server := range servers {
		if server.ID == f.agent {
			f.found.WithLabelValues(server.Host).Inc()
		}
	}
}

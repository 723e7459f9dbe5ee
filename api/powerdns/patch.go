package powerdns

import (
	"context"
	"net/http"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// What is read of a body. What else PowerDNS' clients say of a zone has one value here, or none.
var (
	patchKeys  = api.Names{"rrsets"}
	putKeys    = api.Names{"rrsets", "kind", "dnssec", "nsec3param"}
	createKeys = api.Names{"name", "kind", "rrsets", "nameservers", "zone", "dnssec", "nsec3param"}
)

// writing is one write of a zone on its way.
type writing struct {
	*API
	// tried: it was begun, refused: it was refused once.
	tried, refused bool
	leave          func()
}

func (w *writing) end() {
	if w.leave != nil {
		w.leave()
	}
}

// manyRecords is how many records a change has that takes a place: it may take as much memory and time
// as many other requests.
const manyRecords = 500

// take takes the place that a change of many records needs, once.
func (w *writing) take(ctx context.Context, r *api.Request, records int) (err error) {
	if records >= manyRecords && w.leave == nil {
		w.leave, err = w.changes.Take(ctx, r.Caller.ID)
	}
	return err
}

// each returns a write whose parts have a state of their own for each request.
func (a *API) each(keys api.Names, of func(*writing) api.Write) api.Write {
	return api.Write{Kind: api.Zone, Keys: keys, Choose: func(*api.Request) (api.Write, error) {
		w := &writing{API: a}
		write := of(w)
		if len(keys) > 0 {
			write.Command = withBody(write.Command)
		}
		write.Kind, write.Keys, write.End = api.Zone, keys, w.end
		return write, nil
	}}
}

// withBody refuses a request without a body.
func withBody(command func(*api.Request) (domain.Command, error)) func(*api.Request) (domain.Command, error) {
	return func(r *api.Request) (domain.Command, error) {
		if r.HTTP().ContentLength == 0 {
			return nil, domain.Invalid("body", "不能为空！")
		}
		return command(r)
	}
}

// done is the reply to a write that has nothing to say.
func done(w *api.Request, _ eventstore.Receipt) (any, error) {
	w.Header().Del(api.HeaderETag) // it may be about many records
	w.Status = http.StatusNoContent
	return nil, nil
}

// onRecords is the right to change the records of a zone.
func onRecords(at place) access.Right { return access.OnRecords(at.Target, access.OperationUpdate) }

// begin begins an attempt: all but the first see what the log had when the one before it failed. Sure
// says that the first is to see all of the log as well.
func (w *writing) begin(ctx context.Context, sure bool) (err error) {
	if w.tried || sure {
		_, err = w.AwaitHead(ctx, domain.ContextDNS)
	}
	w.tried = true
	return err
}

// seen is the zone of a write, which is as the client has seen it, if the client says so.
func (w *writing) seen(r *api.Request) (place, error) {
	if err := w.begin(r.Context(), r.IfMatch != nil); err != nil {
		return place{}, err
	}
	at, err := w.placeOfWrite(r)
	if err == nil && r.IfMatch != nil && *r.IfMatch != at.Changed {
		err = domain.CheckVersion(r.IfMatch, at.Changed)
	}
	return at, err
}

// patchZone replaces and deletes RRsets.
func (a *API) patchZone() api.Write {
	return a.each(patchKeys, func(w *writing) api.Write {
		return api.Write{Right: a.rightOn(onRecords), Command: w.patch, Reply: done}
	})
}

func (w *writing) patch(r *api.Request) (domain.Command, error) {
	at, err := w.seen(r)
	if err != nil {
		return nil, err
	}
	in := newSetsInput(at.Zone.Name, r.Caller)
	if err := in.readPatch(r.Params); err != nil {
		return nil, err
	}
	return w.change(r, at, in)
}

// change is the command that makes RRsets of a zone what they are to be.
func (w *writing) change(r *api.Request, at place, in *setsInput) (domain.Command, error) {
	if err := w.take(r.Context(), r, in.records()); err != nil {
		return nil, err
	}
	target, err := w.target(r.Context(), at)
	if err == nil {
		target.Kept, err = w.kept(r.Context(), at, in)
	}
	if err != nil {
		return nil, err
	}
	sets := zoneupdate.NewSets(target, in.sets)
	return newChange(batch.Of(sets.Opening(), nil), sets, at.ID, &w.refused)
}

func (a *API) target(ctx context.Context, at place) (zoneupdate.Target, error) {
	fleet, err := a.DNS.ResolvedFleet(ctx)
	return zoneupdate.Target{ZoneID: at.ID, Zone: at.Zone.Name, ViewID: at.view, View: at.viewName, Fleet: fleet}, err
}

// kept are the PTRs that the zone has of other zones, at the names that are to have one. Those zones may
// be written meanwhile, as they may afterwards.
func (a *API) kept(ctx context.Context, at place, in *setsInput) (kept map[string]*zonedata.RRset, err error) {
	var owners []string
	for _, set := range in.sets {
		if set.Type == "PTR" && len(set.Records) > 0 {
			owners = append(owners, dns.FoldName(set.Host))
		}
	}
	if len(owners) == 0 {
		return nil, nil
	}
	if settings, err := a.DNS.ZoneSettings(ctx, at.ID); err != nil || settings.PTR == nil {
		return nil, err
	}
	if _, err := a.AwaitHead(ctx, domain.ContextDNS); err != nil {
		return nil, err
	}
	err = a.content(ctx, at, func(content *dnsmodel.Content) error {
		kept, err = content.Kept(owners...)
		return err
	})
	return kept, err
}

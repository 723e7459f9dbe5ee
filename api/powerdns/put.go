package powerdns

import (
	"context"
	"strings"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// putZone replaces all RRsets of a zone, where the body has any. What else PowerDNS keeps of a zone
// has one value here.
func (a *API) putZone() api.Write {
	return a.each(putKeys, func(w *writing) api.Write {
		return api.Write{Right: a.rightOn(onRecords), Command: w.put, Reply: done}
	})
}

func (w *writing) put(r *api.Request) (domain.Command, error) {
	at, err := w.seen(r)
	if err != nil {
		return nil, err
	}
	if err := r.Caller.RequireWholeZone(); err != nil {
		return nil, err
	}
	if err := checkKind(r.Params, at.name()); err != nil {
		return nil, err
	}
	in := newSetsInput(at.Zone.Name, r.Caller)
	given, err := in.readAll(r.Params)
	switch {
	case err != nil:
		return nil, err
	case given && !in.soa:
		return nil, domain.Refused("Must give SOA record for zone when replacing all RR sets")
	case given:
		if err := w.take(r.Context(), r, manyRecords); err != nil { // however many the zone has
			return nil, err
		}
		if err := w.removeOthers(r.Context(), at, in); err != nil {
			return nil, err
		}
	}
	return w.change(r, at, in)
}

// removeOthers adds the removal of all RRsets that the zone has and the body has not.
func (w *writing) removeOthers(ctx context.Context, at place, in *setsInput) error {
	if _, err := w.AwaitHead(ctx, domain.ContextDNS); err != nil {
		return err
	}
	return w.content(ctx, at, func(content *dnsmodel.Content) error {
		return content.All(func(r dnsmodel.Record) error {
			key := seenSet{dns.FoldName(r.Host), r.Type, changeReplace}
			if in.seen[key] {
				return nil
			}
			in.seen[key] = true
			return in.add(zoneupdate.Set{Host: r.Host, Type: r.Type, Records: []zoneupdate.SetRecord{}})
		})
	})
}

// checkKind refuses what no zone here can be: a copy of another server's, or signed.
func checkKind(p *api.Params, zone string) error {
	kind := strings.ToLower(api.Given(p.Text("kind")))
	signed, param := p.Flag("dnssec"), api.Given(p.Text("nsec3param"))
	switch {
	case p.Err != nil:
		return p.Err
	case kind == "slave" || kind == "secondary" || kind == "consumer" || kind == "producer":
		return domain.Refused("Zone '%s': kind '%s' is not supported, all zones are Native", zone, kind)
	case signed:
		return domain.Refused("Zone '%s': DNSSEC is not supported", zone)
	case param != "":
		return domain.Refused("NSEC3PARAM value provided for zone '%s', but zone is not DNSSEC secured.", zone)
	default:
		return nil
	}
}

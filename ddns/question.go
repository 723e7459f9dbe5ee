package ddns

import (
	"context"
	"errors"
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// question answers for the SOA or the NS of a name: at a zone's apex with them, elsewhere with the
// SOA of the zone that the name is in.
func (s *Server) question(ctx context.Context, a *asked) reply {
	q := a.msg.Question[0]
	zones, err := s.nearest(ctx, q.Name)
	if err != nil {
		return s.broken(a, err)
	}
	at, no, err := s.shown(ctx, a, zones)
	if err != nil {
		return s.broken(a, err)
	}
	if no != nil {
		return *no
	}
	answer := reply{authoritative: true}
	err = s.content(ctx, at, func(c *dnsmodel.Content) error {
		soa, apex := c.SOA(), zoneName(q.Name) == zoneName(c.Name)
		switch {
		case apex && q.Qtype == mdns.TypeSOA:
			answer.answer = []mdns.RR{soa}
		case apex:
			var err error
			answer.answer, err = records(c.Zone, zonedata.ApexNS, c.Set(zonedata.ApexNS, c.Own))
			return err
		default:
			soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl) // RFC 2308, section 3
			answer.ns = []mdns.RR{soa}
		}
		return nil
	})
	if errors.Is(err, query.ErrNotFound) { // it went just now
		return noZone()
	}
	if err != nil {
		return s.broken(a, err)
	}
	return answer
}

func noZone() reply {
	return refused(mdns.ExtendedErrorCodeNotAuthoritative, "there is no such zone here")
}

// shown returns the nearest of the zones in the view that the message is for: the credential's, or
// the one that the sender's address falls into.
func (s *Server) shown(ctx context.Context, a *asked, zones []dnsmodel.Zone) (placed, *reply, error) {
	no := noZone()
	if a.signed == nil {
		view, err := s.views.of(ctx, a.from.Addr())
		for _, zone := range zones {
			if view != 0 && slices.Contains(zone.ViewIDs, view) {
				return placed{zone, view}, nil, err
			}
		}
		return placed{}, &no, err
	}
	user := a.signed.key.User
	for _, zone := range zones {
		if view := user.Credential.View; hidden(zone, user) || view != 0 && !slices.Contains(zone.ViewIDs, view) {
			continue
		}
		at, no := readable(zone, user)
		return at, no, nil
	}
	return placed{}, &no, nil
}

// content reads what a zone serves in a view, once more if the read model was exchanged meanwhile.
func (s *Server) content(ctx context.Context, at placed, f func(*dnsmodel.Content) error) error {
	err := s.cfg.Reader.Content(ctx, at.ID, at.view, f)
	if errors.Is(err, dnsmodel.ErrReplaced) {
		err = s.cfg.Reader.Content(ctx, at.ID, at.view, f)
	}
	return err
}

// broken is the answer where something stood in the way that is no fault of the sender's.
func (s *Server) broken(a *asked, err error) reply {
	a.err = err
	return failed(mdns.RcodeServerFailure, mdns.ExtendedErrorCodeNotReady, "not available now, try again")
}

// records are those of an RRset, which may be nil.
func records(z zonedata.Zone, key zonedata.Key, set *zonedata.RRset) ([]mdns.RR, error) {
	if set == nil {
		return nil, nil
	}
	out := make([]mdns.RR, len(set.Data))
	for i, data := range set.Data {
		rr, err := zonedata.RR(zonedata.Owner(key.Owner, z.Name), key.Type, set.TTL, data)
		if err != nil {
			return nil, err
		}
		out[i] = rr
	}
	return out, nil
}

package ddns

import (
	"context"
	"errors"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// placed is a zone in the view that a message is for.
type placed struct {
	dnsmodel.Zone
	view int64
}

// viewName is the name of the view.
func (p placed) viewName() string {
	if at := slices.Index(p.ViewIDs, p.view); at >= 0 && at < len(p.ViewNames) {
		return p.ViewNames[at]
	}
	return ""
}

// zonesAt returns the zones with one of the names, by name, that name servers hold.
func (s *Server) zonesAt(ctx context.Context, names []string) (map[string]dnsmodel.Zone, error) {
	folds, holders := make([]domain.Fold, len(names)), make([]dns.ZoneNamed, len(names))
	for i, name := range names {
		holders[i] = dns.NewZoneNamed(name)
		folds[i] = holders[i]
	}
	if len(names) == 0 {
		return nil, nil
	}
	if _, err := s.cfg.Store.Load(ctx, folds...); err != nil {
		return nil, err
	}
	found := map[string]dnsmodel.Zone{}
	for i, holder := range holders {
		if holder.HeldBy() == 0 {
			continue
		}
		zone, err := s.cfg.Reader.Zone(ctx, holder.HeldBy())
		if errors.Is(err, query.ErrNotFound) { // it came or went just now
			continue
		}
		if err != nil {
			return nil, err
		}
		if dns.HaveZoneFile(zone.ZoneData) == nil && dns.FoldName(zone.Name) == names[i] {
			found[names[i]] = zone
			s.known.remember(names[i], zone)
		}
	}
	return found, nil
}

// zoneAt returns the zone of that name, nil for none.
func (s *Server) zoneAt(ctx context.Context, name string) (*dnsmodel.Zone, error) {
	folded := zoneName(name)
	if folded == "" {
		return nil, nil
	}
	found, err := s.zonesAt(ctx, []string{folded})
	if zone, there := found[folded]; there {
		return &zone, err
	}
	return nil, err
}

// zoneToUpdate returns the zone of that name, nil for none. The first time it may be one that is
// remembered.
func (s *Server) zoneToUpdate(ctx context.Context, name string, first bool) (zone *dnsmodel.Zone, remembered bool, err error) {
	if first {
		zone = s.known.zone(zoneName(name))
	}
	if zone != nil {
		return zone, true, nil
	}
	zone, err = s.zoneAt(ctx, name)
	return zone, false, err
}

// caughtUp returns once the read models have all of DNS that the log has now, up to a position.
func (s *Server) caughtUp(ctx context.Context) (upTo domain.Position, err error) {
	head, err := s.cfg.Store.Head(ctx)
	if err != nil {
		return 0, err
	}
	upTo = head.Last[domain.ContextDNS]
	return upTo, s.cfg.Progress.Wait(ctx, domain.ContextDNS, upTo)
}

// nearest lists the zones that a name is in, the nearest first.
func (s *Server) nearest(ctx context.Context, name string) ([]dnsmodel.Zone, error) {
	var names []string
	for at, end := 0, false; !end; at, end = mdns.NextLabel(name, at) {
		if folded := zoneName(name[at:]); folded != "" {
			names = append(names, folded)
		}
	}
	found, err := s.zonesAt(ctx, names)
	var zones []dnsmodel.Zone
	for _, name := range names {
		if zone, there := found[name]; there {
			zones = append(zones, zone)
		}
	}
	return zones, err
}

// zoneName is the name as zones have it, empty for one that no zone can have.
func zoneName(name string) string {
	folded := strings.ToLower(strings.TrimSuffix(name, "."))
	if parsed, err := dns.ParseZoneName(folded); err != nil || parsed != folded {
		return ""
	}
	return folded
}

// readable returns the zone, which is not hidden, in the view of the credential. Not nil is why it
// may not be read there.
func readable(zone dnsmodel.Zone, user *identity.User) (placed, *reply) {
	if no := mayRead(zone, user); no != nil {
		return placed{}, no
	}
	return inViewOf(zone, user)
}

// inViewOf returns the zone in the view that the user's credential is for, or else in its only
// one. Not nil is why there is no such view.
func inViewOf(zone dnsmodel.Zone, user *identity.User) (placed, *reply) {
	view := user.Credential.View
	switch {
	case view == 0 && len(zone.ViewIDs) == 1:
		view = zone.ViewIDs[0]
	case view == 0 && len(zone.ViewIDs) > 1:
		no := refused(mdns.ExtendedErrorCodeProhibited, "the zone is in several views: give the credential a view")
		return placed{}, &no
	case view == 0 || !slices.Contains(zone.ViewIDs, view):
		no := refused(mdns.ExtendedErrorCodeNotAuthoritative, "the zone is not in the view of the credential")
		return placed{}, &no
	}
	return placed{zone, view}, nil
}

// hidden says whether the credential's user may not ACCESS the zone: it is told nothing of it, and it
// is to it as if there were none.
func hidden(zone dnsmodel.Zone, user *identity.User) bool {
	return !user.MayAlone(access.On(zone.Target, access.OperationAccess))
}

// foreign is the answer where a message is for no zone that is here.
func foreign() reply {
	return failed(mdns.RcodeNotAuth, mdns.ExtendedErrorCodeNotAuthoritative, "there is no such zone here")
}

// mayRead refuses a credential that is not for the zone.
func mayRead(zone dnsmodel.Zone, user *identity.User) *reply {
	if user.May(access.On(zone.Target, access.OperationAccess)) {
		return nil
	}
	no := refused(mdns.ExtendedErrorCodeProhibited, "the credential may not read the zone")
	return &no
}

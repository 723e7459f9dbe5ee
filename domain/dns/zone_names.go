package dns

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// authorizeName refuses a name that the actor may not answer for. The views are those
// in which the zone did not have this name before; an external zone has none.
//
// Invariants:
//  1. Who answers for a public suffix, or for a single label, is admin: below it are the
//     names of people who have nothing to do with each other. Of reverse zones, arpa,
//     in-addr.arpa and ip6.arpa are suffixes.
//  2. In each view, who answers for a name below a zone may update the nearest such zone:
//     the new zone takes the name, and all below it, from that zone.
//  3. A zone that comes, goes, moves or is linked above the name in the meantime fails
//     the append.
//
// Nothing is asked about zones below the name: they go on answering for theirs.
func authorizeName(h domain.History, actor *access.Actor, id int64, name string, views []int64) error {
	if actor.May(access.Administer()) {
		return nil
	}
	labels := strings.Split(FoldName(name), ".")
	// A single label is a public suffix, on the list or not.
	if suffix, _ := publicsuffix.PublicSuffix(FoldName(name)); suffix == FoldName(name) || len(labels) > maxLabels {
		return access.Authorize(h, actor, access.Administer())
	}
	if len(views) == 0 {
		return nil
	}
	above, err := zonesAbove(h, id, labels)
	if err != nil {
		return err
	}
	rest := views
	for _, zone := range above {
		here := func(view int64) bool { return slices.Contains(zone.data.ViewIDs, view) }
		if !slices.ContainsFunc(rest, here) {
			continue
		}
		if err := access.Authorize(h, actor, access.On(zone.target(), access.OperationUpdate)); err != nil {
			return err
		}
		rest = slices.DeleteFunc(slices.Clone(rest), here)
	}
	return nil
}

// maxLabels is how many labels a name may have of who is not admin: each is a zone above
// to be looked for. The longest of reverse zones have 34.
const maxLabels = 40

// zonesAbove returns the rendered zones above a name, the nearest first, but not the
// one that is to have the name.
func zonesAbove(h domain.History, id int64, labels []string) ([]*zoneFold, error) {
	names := make([]domain.Fold, 0, len(labels)-1)
	for i := range labels[1:] {
		names = append(names, zoneNamed(GroupInternal, strings.Join(labels[i+1:], ".")))
	}
	if err := h.Load(names...); err != nil {
		return nil, err
	}
	var zones []*zoneFold
	var folds []domain.Fold
	for _, f := range names {
		if holder := f.(*zoneHolder).HeldBy(); holder != 0 && holder != id {
			zones = append(zones, newZoneFold(holder))
			folds = append(folds, zones[len(zones)-1])
		}
	}
	if len(folds) == 0 {
		return nil, nil
	}
	return zones, h.Load(folds...)
}

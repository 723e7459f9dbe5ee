package dns

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// ZoneLife is what a zone is after some of its events, without its records.
type ZoneLife struct{ fold zoneFold }

// NewZoneLife returns the life of a zone before its first event.
func NewZoneLife(id int64) ZoneLife { return ZoneLife{zoneFold{id: id}} }

// After returns the zone as it is after another of its events.
func (z ZoneLife) After(r domain.Recorded) ZoneLife {
	z.fold.Apply(r) // which replaces what two lives share
	return z
}

// Exists says whether the zone is there.
func (z ZoneLife) Exists() bool { return z.fold.exists }

// Changed and Settled are when the zone, and its settings, were changed last.
func (z ZoneLife) Changed() (zone, settings domain.Position) { return z.fold.changed, z.fold.settled }

// Links are those of the zone, by view, with the positions at which they began.
func (z ZoneLife) Links() map[int64]domain.Position { return z.fold.links }

// Reopening says which links of a former life are to be opened again for the zone to have the
// same, by view. The conflict is that a view has had another link since, whose end or begin it
// names.
func (z ZoneLife) Reopening(former ZoneLife) (links map[int64]domain.Position, conflict *domain.Error) {
	links = map[int64]domain.Position{}
	for _, view := range slices.Sorted(maps.Keys(former.fold.links)) {
		since := former.fold.links[view]
		open, linked := z.fold.links[view]
		ended := z.fold.ended[view]
		switch {
		case linked && open == since:
		case !linked && ended.since == since:
			links[view] = since
		default:
			return nil, domain.Changed(max(open, ended.until), "zone %d was linked to view %d again since", z.fold.id, view)
		}
	}
	return links, nil
}

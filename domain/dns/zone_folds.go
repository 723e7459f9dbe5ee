package dns

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// zoneFold is one zone's life without its records.
//
// Invariants:
//  1. A record lives as long as the link, of its zone to its view, that it was
//     written under: unlinking a view and linking it again does not bring its
//     records back. An external zone has the one link 0, from its creation on.
type zoneFold struct {
	id int64
	zoneState
}

type zoneState struct {
	origin
	exists  bool
	data    ZoneData
	changed domain.Position
	// links holds, by view id, the position that linked the view. It is replaced, never changed in place.
	links map[int64]domain.Position
	// settled is the position of the last change of the settings, which are a resource
	// of their own, 0 before the first.
	settings ZoneSettings
	settled  domain.Position
}

func newZoneFold(id int64) *zoneFold { return &zoneFold{id: id} }

// Item implements [domain.Fold].
func (f *zoneFold) Item() domain.Item {
	return domain.Item{Tag: TagZone(f.id), Types: zoneTypes, Guards: zoneTypes[1:]}
}

// zoneTypes are the types of a zone's life. ZoneCreated does not guard, because a
// zone that a decision has found cannot be created again. A batch asks for these types, and
// for those of a view's name, thousands of times.
var zoneTypes = []string{ZoneCreated{}.EventType(), ZoneUpdated{}.EventType(), ZoneDeleted{}.EventType(), ZoneSettingsChanged{}.EventType()}

// Apply implements [domain.Fold].
func (f *zoneFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ZoneCreated:
		f.exists, f.data, f.origin = true, e.Zone, originOf(r, e.Privilege)
	case ZoneUpdated:
		f.data = e.After
	case ZoneDeleted:
		f.exists, f.links, f.changed = false, nil, r.Position
		return
	case ZoneSettingsChanged:
		f.settings, f.settled = e.After, r.Position
		return
	default:
		return
	}
	f.changed = r.Position
	f.links = relink(f.links, f.data, r.Position)
}

// relink returns the links of a zone whose data is now z: a link that stays keeps
// its position.
func relink(before map[int64]domain.Position, z ZoneData, at domain.Position) map[int64]domain.Position {
	views := z.ViewIDs
	if !z.Group.Rendered() {
		views = []int64{0}
	}
	links := make(map[int64]domain.Position, len(views))
	for _, v := range views {
		links[v] = at
		if since, linked := before[v]; linked {
			links[v] = since
		}
	}
	return links
}

// live says whether a record that was last written at the given position still
// exists.
func (f *zoneFold) live(r placedRecord) bool {
	since, linked := f.links[r.data.ViewID]
	return linked && since < r.at
}

// fresh implements judgeable.
func (f *zoneFold) fresh() domain.Fold { return newZoneFold(f.id) }

// Snapshot implements [domain.Fold].
func (f *zoneFold) Snapshot() any { return f.zoneState }

// Restore implements [domain.Fold].
func (f *zoneFold) Restore(s any) { f.zoneState = s.(zoneState) }

// zoneHolder tells which zone has a name in a name space.
type zoneHolder struct {
	domain.Holder[int64]
	tag domain.Tag
}

func zoneNamed(group ZoneGroup, name string) *zoneHolder {
	return &zoneHolder{tag: TagZoneName(group, name)}
}

// Item implements [domain.Fold]. A deletion frees the name and guards nothing.
func (f *zoneHolder) Item() domain.Item {
	guards := []string{ZoneCreated{}.EventType(), ZoneUpdated{}.EventType()}
	return domain.Item{Tag: f.tag, Types: append([]string{ZoneDeleted{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *zoneHolder) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ZoneCreated:
		f.Set(e.ID, true)
	case ZoneUpdated:
		f.Set(e.ID, TagZoneName(e.After.Group, e.After.Name) == f.tag)
	case ZoneDeleted:
		f.Set(e.ID, false)
	}
}

func (d ZoneData) equal(o ZoneData) bool {
	return d.Name == o.Name && d.Group == o.Group && d.Type == o.Type &&
		slices.Equal(d.Forwarders, o.Forwarders) && slices.Equal(d.ViewIDs, o.ViewIDs)
}

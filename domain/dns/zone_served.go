package dns

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// Whether secondaries may hold a serial of a zone follows from the log: as far as it knows, a
// server that has an agent serves every zone that there is.

// everServed says whether a name server may have served a zone of the name, in whatever view.
func everServed(h domain.History, z ZoneData) (bool, error) {
	named, serving := &zonesNamed{tag: TagZoneName(z.Group, z.Name)}, &servingUntil{}
	if err := h.Load(named, serving); err != nil {
		return false, err
	}
	return serving.since(named.first), nil
}

// raiseInNewViews returns the raises by which a zone that is linked to more views, or named
// otherwise, keeps the serial that was asked for last: in views in which no zone had the name
// before any serial will do, in others one that secondaries take.
func raiseInNewViews(h domain.History, atLeast uint32, after ZoneData, views []int64) ([]SerialRaise, error) {
	served, err := everServed(h, after)
	if err != nil {
		return nil, err
	}
	fresh, old := views, []int64(nil)
	if served {
		if fresh, old, err = splitFresh(h, after, views); err != nil {
			return nil, err
		}
	}
	var raises []SerialRaise
	for _, part := range []struct {
		views    []int64
		unserved bool
	}{{fresh, true}, {old, false}} {
		if len(part.views) > 0 {
			r := raiseOf(after.Name, part.views, atLeast)
			if r.Unserved = part.unserved; r.Unserved && !r.IfLower {
				r.To, r.IfLower = atLeast, true // nobody can be led beyond the end of the numbers
			}
			raises = append(raises, r)
		}
	}
	return raises, nil
}

// splitFresh tells the views in which no zone ever had the name from the others. A view's name
// stands for the view, see [SerialName].
func splitFresh(h domain.History, z ZoneData, views []int64) (fresh, old []int64, err error) {
	named := &zonesNamed{tag: TagZoneName(z.Group, z.Name)}
	folds := []domain.Fold{named}
	for _, id := range views {
		folds = append(folds, newViewFold(id))
	}
	if err := h.Load(folds...); err != nil {
		return nil, nil, err
	}
	names := make([]domain.Fold, len(views))
	for i, f := range folds[1:] {
		names[i] = &viewsNamed{name: f.(*viewFold).data.Name}
	}
	if err := h.Load(names...); err != nil {
		return nil, nil, err
	}
	for i, id := range views {
		if slices.ContainsFunc(append(names[i].(*viewsNamed).ids, id), func(v int64) bool { return named.views[v] }) {
			old = append(old, id)
		} else {
			fresh = append(fresh, id)
		}
	}
	return fresh, old, nil
}

// zonesNamed tells since when, and in which views, there were zones of a name.
type zonesNamed struct {
	tag   domain.Tag
	first domain.Position
	views map[int64]bool
}

// Item implements [domain.Fold].
func (f *zonesNamed) Item() domain.Item {
	return domain.Item{Tag: f.tag, Types: []string{ZoneCreated{}.EventType(), ZoneUpdated{}.EventType(), ZoneRestored{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *zonesNamed) Apply(r domain.Recorded) {
	if f.first == 0 {
		f.first = r.Position
	}
	switch e := r.Event.(type) {
	case ZoneCreated:
		f.add(e.Zone)
	case ZoneUpdated:
		f.add(e.After)
	case ZoneRestored:
		f.add(e.After)
	}
}

func (f *zonesNamed) add(z ZoneData) {
	if TagZoneName(z.Group, z.Name) != f.tag {
		return
	}
	if f.views == nil {
		f.views = map[int64]bool{}
	}
	for _, view := range z.ViewIDs {
		f.views[view] = true
	}
}

// Snapshot implements [domain.Fold].
func (f *zonesNamed) Snapshot() any { return zonesNamed{first: f.first, views: maps.Clone(f.views)} }

// Restore implements [domain.Fold].
func (f *zonesNamed) Restore(s any) {
	was := s.(zonesNamed)
	f.first, f.views = was.first, maps.Clone(was.views)
}

// viewsNamed lists the views that ever had a name.
type viewsNamed struct {
	name string
	ids  []int64
}

// Item implements [domain.Fold].
func (f *viewsNamed) Item() domain.Item {
	return domain.Item{Tag: TagViewName(f.name), Types: viewTypes[:2]}
}

// Apply implements [domain.Fold].
func (f *viewsNamed) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ViewCreated:
		f.ids = append(f.ids, e.ID)
	case ViewUpdated:
		f.ids = append(f.ids, e.ID)
	}
}

// Snapshot implements [domain.Fold].
func (f *viewsNamed) Snapshot() any { return slices.Clone(f.ids) }

// Restore implements [domain.Fold].
func (f *viewsNamed) Restore(s any) { f.ids = slices.Clone(s.([]int64)) }

// servingUntil tells until when a name server had an agent.
type servingUntil struct {
	// enrolled are those that have one, ended is when last one ceased to.
	enrolled map[int64]bool
	ended    domain.Position
}

// since says whether any name server had an agent after the position.
func (f *servingUntil) since(p domain.Position) bool { return len(f.enrolled) > 0 || f.ended > p }

// Item implements [domain.Fold]. Only a server that begins to serve disturbs a decision.
func (*servingUntil) Item() domain.Item {
	begins := ServerEnrolled{}.EventType()
	types := []string{begins, ServerWithdrawn{}.EventType(), ServerDeleted{}.EventType()}
	return domain.Item{Tag: domain.TagEnrolments, Types: types, Guards: types[:1]}
}

// Apply implements [domain.Fold].
func (f *servingUntil) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ServerEnrolled:
		if f.enrolled == nil {
			f.enrolled = map[int64]bool{}
		}
		f.enrolled[e.ID] = true
	case ServerWithdrawn:
		f.end(e.ID, r.Position)
	case ServerDeleted:
		f.end(e.ID, r.Position)
	}
}

func (f *servingUntil) end(id int64, p domain.Position) {
	if f.enrolled[id] {
		delete(f.enrolled, id)
		f.ended = p
	}
}

// Snapshot implements [domain.Fold].
func (f *servingUntil) Snapshot() any {
	return servingUntil{enrolled: maps.Clone(f.enrolled), ended: f.ended}
}

// Restore implements [domain.Fold].
func (f *servingUntil) Restore(s any) {
	was := s.(servingUntil)
	f.enrolled, f.ended = maps.Clone(was.enrolled), was.ended
}

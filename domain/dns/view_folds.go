package dns

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// viewFold is one view's life.
type viewFold struct {
	id int64
	viewState
}

type viewState struct {
	origin
	exists  bool
	data    ViewData
	changed domain.Position
}

func newViewFold(id int64) *viewFold { return &viewFold{id: id} }

// Item implements [domain.Fold].
func (f *viewFold) Item() domain.Item {
	return domain.Item{Tag: TagView(f.id), Types: viewTypes, Guards: viewTypes[1:]}
}

// Apply implements [domain.Fold].
func (f *viewFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ViewCreated:
		f.exists, f.data, f.origin = true, e.View, originOf(r, e.Privilege, e.Birth)
	case ViewUpdated:
		f.data = e.After
	case ViewDeleted:
		f.exists = false
	default:
		return
	}
	f.changed = r.Position
}

// Snapshot implements [domain.Fold].
func (f *viewFold) Snapshot() any { return f.viewState }

// Restore implements [domain.Fold].
func (f *viewFold) Restore(s any) { f.viewState = s.(viewState) }

// viewExists is a viewFold for decisions that ask only whether the view exists: a
// renaming of the view does not disturb them.
type viewExists struct{ viewFold }

func newViewExists(id int64) *viewExists { return &viewExists{viewFold{id: id}} }

// Item implements [domain.Fold].
func (f *viewExists) Item() domain.Item {
	deleted := ViewDeleted{}.EventType()
	return domain.Item{Tag: TagView(f.id), Types: []string{ViewCreated{}.EventType(), deleted}, Guards: []string{deleted}}
}

// viewHolder tells which view has a name. Decisions that need the name to be
// free, and those that need to know whose name it is, guard the same events.
type viewHolder struct {
	domain.Holder[int64]
	name string
}

// ViewNamed returns a fold that finds a view by its name.
func ViewNamed(name string) access.ViewNamed { return viewNamed(name) }

func viewNamed(name string) *viewHolder { return &viewHolder{name: name} }

// Item implements [domain.Fold].
func (f *viewHolder) Item() domain.Item {
	return domain.Item{Tag: TagViewName(f.name), Types: viewTypes}
}

// viewTypes are the types of a view's life. The first guards only decisions about
// a name: a view that a decision has found cannot be created again.
var viewTypes = []string{ViewCreated{}.EventType(), ViewUpdated{}.EventType(), ViewDeleted{}.EventType()}

// Apply implements [domain.Fold].
func (f *viewHolder) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ViewCreated:
		f.Set(e.ID, true)
	case ViewUpdated:
		f.Set(e.ID, e.After.Name == f.name)
	case ViewDeleted:
		f.Set(e.ID, false)
	}
}

// viewUse tells which zones are linked to a view.
type viewUse struct {
	id    int64
	zones map[int64]string
}

func newViewUse(id int64) *viewUse { return &viewUse{id: id, zones: map[int64]string{}} }

// Item implements [domain.Fold]. A deleted zone guards nothing.
func (f *viewUse) Item() domain.Item {
	guards := []string{ZoneCreated{}.EventType(), ZoneUpdated{}.EventType(), ZoneRestored{}.EventType()}
	return domain.Item{Tag: TagViewUse(f.id), Types: append([]string{ZoneDeleted{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *viewUse) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ZoneCreated:
		f.zones[e.ID] = e.Zone.Name
	case ZoneUpdated:
		f.set(e.ID, e.After)
	case ZoneRestored:
		f.set(e.ID, e.After)
	case ZoneDeleted:
		delete(f.zones, e.ID)
	}
}

func (f *viewUse) set(zone int64, is ZoneData) {
	if slices.Contains(is.ViewIDs, f.id) {
		f.zones[zone] = is.Name
	} else {
		delete(f.zones, zone)
	}
}

// Snapshot implements [domain.Fold].
func (f *viewUse) Snapshot() any { return maps.Clone(f.zones) }

// Restore implements [domain.Fold].
func (f *viewUse) Restore(s any) { f.zones = maps.Clone(s.(map[int64]string)) }

// maxNamedZones bounds how many zones a refusal names.
const maxNamedZones = 100

// names lists the zones in the order of their ids: by name those that the actor may
// ACCESS, the others by id.
func (f *viewUse) names(h domain.History, actor *access.Actor) ([]string, error) {
	ids := slices.Sorted(maps.Keys(f.zones))
	ids = ids[:min(len(ids), maxNamedZones)]
	folds := make([]domain.Fold, len(ids))
	for i, id := range ids {
		folds[i] = newZoneFold(id)
	}
	if err := h.Load(folds...); err != nil {
		return nil, err
	}
	targets := make([]access.Target, len(ids))
	for i, f := range folds {
		targets[i] = f.(*zoneFold).target()
	}
	seen, err := access.Accessible(h, actor, targets)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(ids))
	for i, t := range targets {
		names[i] = t.Name
		if !seen[i] {
			names[i] = access.NameByID(t.Kind, t.ID)
		}
	}
	return names, nil
}

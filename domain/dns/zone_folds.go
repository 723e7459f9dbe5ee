package dns

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// zoneFold is one zone's life without its records.
//
// Invariants:
//  1. A record lives as long as the link, of its zone to its view, that it was
//     written under: unlinking a view and linking it again does not bring its
//     records back. An external zone has the one link 0, from its creation on.
//  2. What an import has staged holds if the import is done, and never otherwise.
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
	// ended holds, by view id, the link that ended last. It is replaced, never changed in place.
	ended map[int64]endedLink
	// settled is the position of the last change of the settings, which are a resource
	// of their own, 0 before the first.
	settings ZoneSettings
	settled  domain.Position
	// open is the import that is under way. imported are those that are done; the list is
	// only appended to.
	open     openImport
	imported []domain.Position
}

// endedLink is a link that was, and between which positions it was.
type endedLink struct{ since, until domain.Position }

// openImport is an import that is under way, none if its id is 0.
type openImport struct {
	id    domain.Position
	view  int64
	begun time.Time
	// credential is that by which the import was begun, 0 for none.
	credential domain.CredentialID
}

func newZoneFold(id int64) *zoneFold { return &zoneFold{id: id} }

// Item implements [domain.Fold].
func (f *zoneFold) Item() domain.Item {
	return domain.Item{Tag: TagZone(f.id), Types: zoneTypes, Guards: zoneTypes[1:]}
}

// zoneTypes are the types of a zone's life. ZoneCreated does not guard, because a
// zone that a decision has found cannot be created again. A batch asks for these types, and
// for those of a view's name, thousands of times.
var zoneTypes = []string{
	ZoneCreated{}.EventType(), ZoneUpdated{}.EventType(), ZoneDeleted{}.EventType(), ZoneRestored{}.EventType(),
	ZoneSettingsChanged{}.EventType(), ImportBegun{}.EventType(), ZoneImported{}.EventType(), ImportVoided{}.EventType(),
}

// Apply implements [domain.Fold].
func (f *zoneFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ZoneCreated:
		f.exists, f.data, f.origin = true, e.Zone, originOf(r, e.Privilege, nil)
	case ZoneUpdated:
		f.data = e.After
	case ZoneDeleted:
		f.ended = endLinks(f.ended, f.links, nil, r.Position)
		f.exists, f.links, f.changed = false, nil, r.Position
		return
	case ZoneRestored:
		f.restore(e, r.Position)
		return
	case ZoneSettingsChanged:
		f.settings, f.settled = e.After, r.Position
		return
	default:
		f.applyImport(r)
		return
	}
	f.changed = r.Position
	links := relink(f.links, f.data, r.Position)
	f.ended = endLinks(f.ended, f.links, links, r.Position)
	f.links = links
}

func (f *zoneFold) restore(e ZoneRestored, at domain.Position) {
	if !f.exists {
		f.origin = origin{created: e.Created, creator: e.Creator, privilege: e.Privilege}
		f.settings, f.settled = e.Settings, at
		if e.Settings.equal(ZoneSettings{}) {
			f.settled = 0
		}
	}
	f.exists, f.data, f.changed = true, e.After, at
	links := relink(f.links, f.data, at)
	for _, l := range e.Links {
		links[l.View] = l.Since
	}
	f.ended = endLinks(f.ended, f.links, links, at)
	f.links = links
}

// endLinks returns the links that ended last, once those before are those after.
func endLinks(ended map[int64]endedLink, before, after map[int64]domain.Position, at domain.Position) map[int64]endedLink {
	cloned := false
	for view, since := range before {
		if _, stays := after[view]; stays {
			continue
		}
		if !cloned {
			if ended = maps.Clone(ended); ended == nil {
				ended = map[int64]endedLink{}
			}
			cloned = true
		}
		ended[view] = endedLink{since: since, until: at}
	}
	return ended
}

// LinkedViews are the views that a zone in this state has links to. An external
// zone has one link, to view 0.
func LinkedViews(z ZoneData) []int64 {
	if z.Group.Rendered() {
		return z.ViewIDs
	}
	return []int64{0}
}

// relink returns the links of a zone whose data is now z: a link that stays keeps
// its position.
func relink(before map[int64]domain.Position, z ZoneData, at domain.Position) map[int64]domain.Position {
	views := LinkedViews(z)
	links := make(map[int64]domain.Position, len(views))
	for _, v := range views {
		links[v] = at
		if since, linked := before[v]; linked {
			links[v] = since
		}
	}
	return links
}

func (f *zoneFold) applyImport(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ImportBegun:
		f.open = openImport{id: r.Position, view: e.ViewID, begun: r.At, credential: r.Credential}
	case ZoneImported:
		f.open, f.imported = openImport{}, append(slices.Clip(f.imported), e.Import)
	case ImportVoided:
		f.open = openImport{}
	}
}

// now returns the record that there is, of which r is what the log says last, if there is one:
// what imports have staged that are not done is left out.
func (f *zoneFold) now(r placedRecord) (is placedRecord, live bool) {
	for r.staged != nil && !slices.Contains(f.imported, r.staged.by) {
		if r.staged.before == nil {
			return placedRecord{}, false
		}
		r = *r.staged.before
	}
	if r.staged != nil && r.staged.gone {
		return placedRecord{}, false
	}
	since, linked := f.links[r.data.ViewID]
	return r, linked && since < r.at
}

// liveOf goes through the records of a set that there are, in no particular order.
func (f *zoneFold) liveOf(set *recordSet) iter.Seq2[int64, placedRecord] {
	return func(yield func(int64, placedRecord) bool) {
		for id, r := range set.all() {
			if is, live := f.now(r); live && !yield(id, is) {
				return
			}
		}
	}
}

// writable refuses a change of the zone while an import is under way, unless the change is the
// import's own.
func (f *zoneFold) writable(env domain.Env) error {
	switch f.open.id {
	case env.Import:
		return nil
	case 0:
		return errImportOver(env.Import)
	}
	return domain.Conflict("当前Zone正在导入（/v1/imports/%d），导入完成或取消之前不能修改！", int64(f.open.id))
}

func errImportOver(id domain.Position) error {
	return domain.Conflict("导入%d已经结束！", int64(id))
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

// ZoneNamed finds out which zone has a name, 0 for none, of those that name servers may serve.
type ZoneNamed interface {
	domain.Fold
	HeldBy() int64
}

// NewZoneNamed returns the fold of a name.
func NewZoneNamed(name string) ZoneNamed { return zoneNamed(GroupInternal, name) }

// Item implements [domain.Fold]. A deletion frees the name and guards nothing.
func (f *zoneHolder) Item() domain.Item {
	guards := []string{ZoneCreated{}.EventType(), ZoneUpdated{}.EventType(), ZoneRestored{}.EventType()}
	return domain.Item{Tag: f.tag, Types: append([]string{ZoneDeleted{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *zoneHolder) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ZoneCreated:
		f.Set(e.ID, true)
	case ZoneUpdated:
		f.Set(e.ID, TagZoneName(e.After.Group, e.After.Name) == f.tag)
	case ZoneRestored:
		f.Set(e.ID, TagZoneName(e.After.Group, e.After.Name) == f.tag)
	case ZoneDeleted:
		f.Set(e.ID, false)
	}
}

func (d ZoneData) equal(o ZoneData) bool {
	return d.Name == o.Name && d.Group == o.Group && d.Type == o.Type &&
		slices.Equal(d.Forwarders, o.Forwarders) && slices.Equal(d.ViewIDs, o.ViewIDs)
}

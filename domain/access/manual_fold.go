package access

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// manualFold is the privileges made by hand that concern one resource, or those on zones by
// pattern.
type manualFold struct {
	tag domain.Tag
	// concerns says whether a privilege is one of them.
	concerns func(PrivilegeData) bool
	held     map[int64]PrivilegeData
}

func newManualFold(kind Kind, id int64) *manualFold {
	return &manualFold{tag: TagRight(kind, id), held: map[int64]PrivilegeData{}, concerns: func(p PrivilegeData) bool {
		return p.ResourceType == kind && p.ResourceID == id
	}}
}

// newZonePatterns returns the fold of all privileges on zones by pattern.
func newZonePatterns() *manualFold {
	return &manualFold{tag: TagZonePatterns, held: map[int64]PrivilegeData{}, concerns: func(p PrivilegeData) bool {
		return p.Zones != ""
	}}
}

// Item implements [domain.Fold]. A new privilege takes nothing away and guards nothing.
func (f *manualFold) Item() domain.Item {
	guards := []string{PrivilegeChanged{}.EventType(), PrivilegeDeleted{}.EventType()}
	return domain.Item{Tag: f.tag, Types: append([]string{PrivilegeCreated{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *manualFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case PrivilegeCreated:
		f.set(e.ID, e.Privilege)
	case PrivilegeChanged:
		f.set(e.ID, e.After)
	case PrivilegeDeleted:
		delete(f.held, e.ID)
	}
}

func (f *manualFold) set(id int64, p PrivilegeData) {
	if f.concerns(p) {
		f.held[id] = p
	} else {
		delete(f.held, id)
	}
}

// Snapshot implements [domain.Fold].
func (f *manualFold) Snapshot() any { return maps.Clone(f.held) }

// Restore implements [domain.Fold].
func (f *manualFold) Restore(s any) { f.held = maps.Clone(s.(map[int64]PrivilegeData)) }

// list returns the privileges in the order of their ids; of those by pattern the ones that
// match the name.
func (f *manualFold) list(name string) []ManualPrivilege {
	var out []ManualPrivilege
	for _, id := range slices.Sorted(maps.Keys(f.held)) {
		if p := f.held[id]; p.Zones == "" || matchesAny([]string{p.Zones}, name) {
			out = append(out, ManualPrivilege{ID: id, Operation: p.Operation})
		}
	}
	return out
}

package access

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// manualFold is the privileges made by hand that concern one resource.
type manualFold struct {
	kind       Kind
	id         int64
	operations map[int64]Operation
}

func newManualFold(kind Kind, id int64) *manualFold {
	return &manualFold{kind: kind, id: id, operations: map[int64]Operation{}}
}

// Item implements [domain.Fold]. A new privilege takes nothing away and guards nothing.
func (f *manualFold) Item() domain.Item {
	guards := []string{PrivilegeChanged{}.EventType(), PrivilegeDeleted{}.EventType()}
	return domain.Item{
		Tag: TagRight(f.kind, f.id), Types: append([]string{PrivilegeCreated{}.EventType()}, guards...), Guards: guards,
	}
}

// Apply implements [domain.Fold].
func (f *manualFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case PrivilegeCreated:
		f.set(e.ID, e.Privilege)
	case PrivilegeChanged:
		f.set(e.ID, e.After)
	case PrivilegeDeleted:
		delete(f.operations, e.ID)
	}
}

func (f *manualFold) set(id int64, p PrivilegeData) {
	if p.ResourceType == f.kind && p.ResourceID == f.id {
		f.operations[id] = p.Operation
	} else {
		delete(f.operations, id)
	}
}

// Snapshot implements [domain.Fold].
func (f *manualFold) Snapshot() any { return maps.Clone(f.operations) }

// Restore implements [domain.Fold].
func (f *manualFold) Restore(s any) { f.operations = maps.Clone(s.(map[int64]Operation)) }

// list returns the privileges in the order of their ids.
func (f *manualFold) list() []ManualPrivilege {
	var out []ManualPrivilege
	for _, id := range slices.Sorted(maps.Keys(f.operations)) {
		out = append(out, ManualPrivilege{ID: id, Operation: f.operations[id]})
	}
	return out
}

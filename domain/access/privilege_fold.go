package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// The events of other packages in which a resource, and with it its three
// privileges, begins and ends. Those packages build on this one, so it knows the
// events by their names.
var (
	resourceBegins = []string{"ServerCreated", "ViewCreated", "ZoneCreated", "ZoneRestored"}
	resourceEnds   = []string{"ServerDeleted", "ViewDeleted", "ZoneDeleted"}
)

// privilegeFold is what the log says about a privilege made by hand, or about
// the three of a resource. The id is the first of the three.
type privilegeFold struct {
	base int64
	privilegeState
}

type privilegeState struct {
	// manual and automatic say which of the two there is; neither: it is gone or never was.
	manual, automatic bool
	data              PrivilegeData // manual
	changed           domain.Position
}

// newPrivilegeFold returns the fold of the privileges among which the id is.
func newPrivilegeFold(id int64) *privilegeFold { return &privilegeFold{base: PrivilegeBase(id)} }

// Item implements [domain.Fold].
func (f *privilegeFold) Item() domain.Item {
	guards := append([]string{PrivilegeChanged{}.EventType(), PrivilegeDeleted{}.EventType()}, resourceEnds...)
	types := append(append([]string{PrivilegeCreated{}.EventType()}, resourceBegins...), guards...)
	return domain.Item{Tag: TagPrivilege(f.base), Types: types, Guards: guards}
}

// Apply implements [domain.Fold].
func (f *privilegeFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case PrivilegeCreated:
		f.manual, f.data = true, e.Privilege
	case PrivilegeChanged:
		f.data = e.After
	case PrivilegeDeleted:
		f.manual = false
	default:
		f.automatic = slices.Contains(resourceBegins, r.Event.EventType())
	}
	f.changed = r.Position
}

// has says whether the privilege exists.
func (f *privilegeFold) has(id int64) bool {
	return f.automatic && PrivilegeBase(id) == f.base || f.manual && id == f.base
}

// Snapshot implements [domain.Fold].
func (f *privilegeFold) Snapshot() any { return f.privilegeState }

// Restore implements [domain.Fold].
func (f *privilegeFold) Restore(s any) { f.privilegeState = s.(privilegeState) }

// privilegeExists is a privilegeFold for decisions that ask only whether it is
// there: a change of it does not disturb them, while its coming back does, as its end.
type privilegeExists struct{ privilegeFold }

// Item implements [domain.Fold].
func (f *privilegeExists) Item() domain.Item {
	types := slices.Concat([]string{PrivilegeCreated{}.EventType(), PrivilegeDeleted{}.EventType()}, resourceBegins, resourceEnds)
	return domain.Item{Tag: TagPrivilege(f.base), Types: types}
}

// checkPrivileges refuses ids, given ascending, that no privilege has. It reads
// all of them in one round trip.
func checkPrivileges(h domain.History, ids []int64) error {
	var folds []domain.Fold
	for _, id := range ids {
		if id <= 0 {
			return noSuchPrivilege(id)
		}
		last := len(folds) - 1
		if !isBuiltinPrivilege(id) && (last < 0 || folds[last].(*privilegeExists).base != PrivilegeBase(id)) {
			folds = append(folds, &privilegeExists{*newPrivilegeFold(id)})
		}
	}
	if err := loadSome(h, folds); err != nil {
		return err
	}
	at := 0
	for _, id := range ids {
		if isBuiltinPrivilege(id) {
			continue
		}
		if folds[at].(*privilegeExists).base != PrivilegeBase(id) {
			at++
		}
		if !folds[at].(*privilegeExists).has(id) {
			return noSuchPrivilege(id)
		}
	}
	return nil
}

func noSuchPrivilege(id int64) error {
	return domain.Invalid("privilege_ids", "Privilege %d 不存在！", id)
}

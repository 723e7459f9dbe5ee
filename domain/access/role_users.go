package access

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// roleUsers is who holds a role.
type roleUsers struct {
	role  int64
	users map[domain.UserID]bool
}

func newRoleUsers(role int64) *roleUsers {
	return &roleUsers{role: role, users: map[domain.UserID]bool{}}
}

// Item implements [domain.Fold].
func (f *roleUsers) Item() domain.Item {
	return domain.Item{Tag: TagRoleUsers(f.role), Types: []string{UserRolesChanged{}.EventType(), UserDeleted{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *roleUsers) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserRolesChanged:
		if slices.Contains(e.After, f.role) {
			f.users[e.ID] = true
		} else {
			delete(f.users, e.ID)
		}
	case UserDeleted:
		delete(f.users, e.ID)
	}
}

// Snapshot implements [domain.Fold].
func (f *roleUsers) Snapshot() any { return maps.Clone(f.users) }

// Restore implements [domain.Fold].
func (f *roleUsers) Restore(s any) { f.users = maps.Clone(s.(map[domain.UserID]bool)) }

// others counts the holders other than the user.
func (f *roleUsers) others(user domain.UserID) int {
	n := len(f.users)
	if f.users[user] {
		n--
	}
	return n
}

// maxNames bounds how many holders a refusal names.
const maxNames = 100

// names reads what the holders are called, in the order of their ids.
func (f *roleUsers) names(h domain.History) ([]string, error) {
	ids := slices.Sorted(maps.Keys(f.users))
	ids = ids[:min(len(ids), maxNames)]
	folds := make([]domain.Fold, len(ids))
	for i, id := range ids {
		folds[i] = NewUser(id)
	}
	if err := loadSome(h, folds); err != nil {
		return nil, err
	}
	names := make([]string, len(ids))
	for i, f := range folds {
		names[i] = f.(*User).Username
	}
	return names, nil
}

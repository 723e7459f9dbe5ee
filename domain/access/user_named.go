package access

import "github.com/opsledger/opsledger/domain"

// UserNamed finds a user by name, without case.
type UserNamed struct {
	tag   domain.Tag
	state userNamedState
}

type userNamedState struct {
	id   domain.UserID
	name string
}

// NewUserNamed returns the fold for a name of any form. A name that no user can have,
// local or of the directory, finds nobody.
func NewUserNamed(name string) *UserNamed {
	if _, err := ParseDirectoryName(name); err != nil {
		name = ""
	}
	return &UserNamed{tag: TagUsername(name)}
}

// ID is the user, 0 where nobody has the name.
func (f *UserNamed) ID() domain.UserID { return f.state.id }

// Name is the name as the user wrote it at registration.
func (f *UserNamed) Name() string { return f.state.name }

// Item implements [domain.Fold]. The user who has the name may be deleted later:
// that deletion guards, so that no decision is appended for a user who is gone.
func (f *UserNamed) Item() domain.Item {
	return domain.Item{Tag: f.tag, Types: []string{UserRegistered{}.EventType(), UserDeleted{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *UserNamed) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserRegistered:
		f.state = userNamedState{id: e.ID, name: e.Username}
	case UserDeleted:
		if e.ID == f.state.id {
			f.state = userNamedState{}
		}
	}
}

// Snapshot implements [domain.Fold].
func (f *UserNamed) Snapshot() any { return f.state }

// Restore implements [domain.Fold].
func (f *UserNamed) Restore(s any) { f.state = s.(userNamedState) }

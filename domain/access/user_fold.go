package access

import "github.com/opsledger/opsledger/domain"

// userFold is all that the log says about one user, but for logins.
type userFold struct {
	id domain.UserID
	userState
}

// userState's lists are replaced, never changed in place.
type userState struct {
	exists      bool
	username    string
	source      string
	credential  string
	personalKey string
	profile     Profile
	roles       []int64
	codes       []int
	changed     domain.Position
}

func newUserFold(id domain.UserID) *userFold { return &userFold{id: id} }

// Item implements [domain.Fold].
func (f *userFold) Item() domain.Item {
	guards := append([]string{
		UserProfileChanged{}.EventType(), UserPasswordChanged{}.EventType(), UserLinked{}.EventType(),
	}, actorGuards...)
	return domain.Item{Tag: TagUser(f.id), Types: append([]string{UserRegistered{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *userFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserRegistered:
		f.userState = userState{
			exists: true, username: e.Username, source: e.Source,
			credential: e.Credential, personalKey: e.PersonalKey, profile: e.Profile(),
		}
	case UserProfileChanged:
		f.profile = e.After
	case UserRolesChanged:
		f.roles = e.After
	case UserPermissionsChanged:
		f.codes = e.Codes
	case UserPasswordChanged:
		f.credential = e.Credential
	case UserLinked:
		f.source, f.credential = SourceLDAP, ""
	case UserDeleted:
		f.userState = userState{}
	default:
		return
	}
	f.changed = r.Position
}

// Snapshot implements [domain.Fold].
func (f *userFold) Snapshot() any { return f.userState }

// Restore implements [domain.Fold].
func (f *userFold) Restore(s any) { f.userState = s.(userState) }

// loadUser returns an existing user, with the actor and more folds, if the
// client's version is the current one. An actor without the right learns nothing
// about the user. Where self is set, every user has the right on themselves.
func loadUser(h domain.History, env domain.Env, id domain.UserID, right Right, self bool, ifMatch *domain.Position, more ...domain.Fold) (*userFold, *Actor, error) {
	actor, user := NewActor(env.Actor), newUserFold(id)
	if err := h.Load(append(more, actor, user)...); err != nil {
		return nil, nil, err
	}
	if !self || env.Actor != id || !actor.Registered() {
		if err := Authorize(h, actor, right); err != nil {
			return nil, nil, err
		}
	}
	if !user.exists {
		return nil, nil, noUser(id)
	}
	return user, actor, domain.CheckVersion(ifMatch, user.changed)
}

func noUser(id domain.UserID) error { return domain.NotFound("User %d 不存在！", id) }

// RequireOutranks refuses a change of what another user can do or answer for,
// such as their ssh keys, unless the actor holds everything that the user holds.
// The actor must be loaded and the user must exist.
func RequireOutranks(h domain.History, actor *Actor, id domain.UserID) error {
	user := newUserFold(id)
	if err := h.Load(user); err != nil {
		return err
	}
	return checkOutranks(actor, user)
}

// checkOutranks refuses to touch the password, rights or existence of a user who
// holds a role or permission code that the actor lacks.
func checkOutranks(actor *Actor, user *userFold) error {
	if actor.id == domain.System || actor.Admin() || actor.id == user.id {
		return nil
	}
	if lacked := without(user.roles, actor.state.roles); len(lacked) > 0 {
		return domain.Forbidden("无权限！用户%s拥有您没有的角色", user.username)
	}
	for _, code := range user.codes {
		if !actor.May(Permitted(code)) {
			return domain.Forbidden("无权限！用户%s拥有您没有的权限：%s", user.username, permissionName(code))
		}
	}
	return nil
}

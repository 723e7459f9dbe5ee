package ops

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// UndoAccountGranted takes a user the right again to log in to a system account.
type UndoAccountGranted struct{ event AccountGranted }

// NewUndoAccountGranted returns the command for an event.
func NewUndoAccountGranted(e AccountGranted) UndoAccountGranted { return UndoAccountGranted{event: e} }

// Decide implements [domain.Command].
func (c UndoAccountGranted) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	at := account{c.event.Machine, c.event.Account}
	user, keys, err := loadGrant(h, env, c.event.User, at)
	if err != nil {
		return nil, err
	}
	if !user.grants[at] {
		return nil, domain.Changed(user.last[at].at, "account %s of machine %d was taken from user %d since", at.name, at.machine, user.user)
	}
	return user.revoked(at, keys), nil
}

// UndoAccountRevoked lets a user log in to a system account again, with the keys that the user has
// now.
type UndoAccountRevoked struct{ event AccountRevoked }

// NewUndoAccountRevoked returns the command for an event.
func NewUndoAccountRevoked(e AccountRevoked) UndoAccountRevoked { return UndoAccountRevoked{event: e} }

// Decide implements [domain.Command].
func (c UndoAccountRevoked) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	at, machine := account{c.event.Machine, c.event.Account}, newMachineFold(c.event.Machine)
	user, keys, err := loadGrant(h, env, c.event.User, at, machine)
	switch {
	case err != nil:
		return nil, err
	case user.name == "":
		return nil, domain.Changed(0, "user %d is gone", user.user)
	case !machine.exists:
		return nil, domain.Changed(machine.changed, "machine %d is gone", machine.id)
	case user.grants[at]:
		return nil, domain.Changed(user.last[at].at, "account %s of machine %d was given to user %d since", at.name, at.machine, user.user)
	}
	return user.granted(at, user.last[at].ip, keys), nil
}

// loadGrant returns a user's grants, and the keys that open an account, if the actor may grant. A
// user who is gone has no name. It loads more folds on the way.
func loadGrant(h domain.History, env domain.Env, id domain.UserID, at account, more ...domain.Fold) (*userKeys, *accountKeys, error) {
	actor, named, user, keys := access.NewActor(env.Actor), access.NewUser(id), newUserKeys(id), newAccountKeys(at)
	if err := h.Load(append(more, actor, named, user, keys)...); err != nil {
		return nil, nil, err
	}
	user.name = named.Username
	return user, keys, actor.RequireCode(access.CodeManageSSHKey)
}

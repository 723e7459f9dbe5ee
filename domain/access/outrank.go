package access

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// RequireOutranks refuses a change of what another user can do or answer for,
// such as their ssh keys, unless the actor holds everything that the user holds.
// The actor must be loaded and the user must exist.
func RequireOutranks(h domain.History, actor *Actor, id domain.UserID) error {
	user := NewUser(id)
	if err := h.Load(user); err != nil {
		return err
	}
	return checkOutranks(h, actor, user)
}

// checkOutranks refuses to touch the password, keys, mail, rights or existence of a
// user who has more than the actor. An admin has everything, and everybody has what
// they have themselves.
//
// Invariants:
//  1. The actor holds every role and every permission code that the user holds.
//  2. The actor may log in to every system account that the user may log in to. The
//     code 1 covers that, as it covers all of the operations dialect.
//  3. The actor may update and delete every server, view and zone that the user has
//     created and that still exists.
//  4. What the user gets, or the actor loses, in the meantime fails the append.
func checkOutranks(h domain.History, actor *Actor, user *User) error {
	if actor.id == domain.System || actor.Admin() || actor.id == user.id {
		return nil
	}
	if lacked := without(user.Roles, actor.state.roles); len(lacked) > 0 {
		return domain.Forbidden("无权限！用户%s拥有您没有的角色", user.Username)
	}
	for _, code := range user.Codes {
		if !actor.May(Permitted(code)) {
			return domain.Forbidden("无权限！用户%s拥有您没有的权限：%s", user.Username, permissionName(code))
		}
	}
	theirs, own, created := newAccountGrants(user.id), newAccountGrants(actor.id), newCreations(user.id)
	if err := h.Load(theirs, own, created); err != nil {
		return err
	}
	if !actor.May(Permitted(CodeAdmin)) {
		for _, account := range slices.Sorted(maps.Keys(theirs.held)) {
			if !own.held[account] {
				return domain.Forbidden("无权限！用户%s可以登录您不能登录的账号", user.Username)
			}
		}
	}
	return checkCreations(h, actor, user, created.targets)
}

// checkCreations refuses if there is one of the resources, which the user created,
// that the actor may not both update and delete.
func checkCreations(h domain.History, actor *Actor, user *User, created []Target) error {
	if len(created) == 0 {
		return nil
	}
	if err := actor.load(h, actor.state.roles); err != nil {
		return err
	}
	lacked := slices.DeleteFunc(slices.Clone(created), func(t Target) bool { return actor.lacks(t) == nil })
	for part := range slices.Chunk(lacked, maxTargets) {
		if err := checkLacked(h, actor, user, part); err != nil {
			return err
		}
	}
	return nil
}

// maxTargets is how many resources are looked at in one round trip.
const maxTargets = 500

// checkLacked refuses if one of the resources exists and no privilege made by hand for it
// gives the actor what they lack. Those on zones by pattern do not count: which name a zone
// has now is not known here.
func checkLacked(h domain.History, actor *Actor, user *User, lacked []Target) error {
	folds := make([]domain.Fold, 0, 2*len(lacked))
	for _, t := range lacked {
		folds = append(folds, &privilegeExists{*newPrivilegeFold(t.Privilege)}, newManualFold(t.Kind, t.ID))
	}
	if err := h.Load(folds...); err != nil {
		return err
	}
	for i, t := range lacked {
		if !folds[2*i].(*privilegeExists).automatic {
			continue // it is gone
		}
		t.Manual = folds[2*i+1].(*manualFold).list("")
		if r := actor.lacks(t); r != nil {
			return domain.Forbidden("无权限！用户%s创建了您不能修改或删除的资源，缺少权限：%s", user.Username, r.Name())
		}
	}
	return nil
}

// lacks returns the right that the actor lacks to update and delete a resource, nil
// for none. It knows what [Actor.May] knows.
func (a *Actor) lacks(t Target) *Right {
	for _, o := range []Operation{OperationUpdate, OperationDelete} {
		if r := On(t, o); !a.May(r) {
			return &r
		}
	}
	return nil
}

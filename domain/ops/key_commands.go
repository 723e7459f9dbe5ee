package ops

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// SetUserKeys replaces a user's public keys in all accounts that the user may log in to.
//
// Invariants of keys:
//  1. The last set of keys that a machine was given for an account has the keys of
//     exactly the users to whom the account is granted, in whatever order grants and
//     key changes come.
//  2. The keys of a deleted user open no account.
//  3. Nobody may set the keys of a user who has more than they have, see
//     [access.RequireOutranks]: otherwise they could log in wherever that user may.
type SetUserKeys struct {
	username string
	keys     []string
}

// NewSetUserKeys checks the keys, see [ParseKeys].
func NewSetUserKeys(username string, lines []string) (SetUserKeys, error) {
	keys, err := ParseKeys(lines)
	if err != nil {
		return SetUserKeys{}, err
	}
	_, err = required("username", &username)
	return SetUserKeys{username: username, keys: keys}, err
}

// Decide implements [domain.Command]. Users may change their own keys.
func (c SetUserKeys) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, user, err := loadKeyHolder(h, env, c.username, access.CodeUpdateUser, true)
	if err != nil {
		return nil, err
	}
	if actor.ID() != user.user {
		if err := access.RequireOutranks(h, actor, user.user); err != nil {
			return nil, err
		}
	}
	if slices.Equal(user.keys, c.keys) {
		return nil, nil
	}
	before := user.keys
	if before == nil {
		before = []string{}
	}
	events := []domain.Event{UserKeysChanged{User: user.user, Before: before, After: c.keys}}
	sets, err := user.spread(h, c.keys)
	return append(events, sets...), err
}

// spread returns the new sets of keys of all accounts that the user may log in to.
func (f *userKeys) spread(h domain.History, keys []string) ([]domain.Event, error) {
	var events []domain.Event
	folds := make([]domain.Fold, 0, len(f.grants))
	for _, a := range f.accounts() {
		folds = append(folds, newAccountKeys(a))
	}
	if len(folds) == 0 {
		return nil, nil
	}
	if err := h.Load(folds...); err != nil {
		return nil, err
	}
	for _, fold := range folds {
		events = append(events, fold.(*accountKeys).with(f.user, f.name, keys))
	}
	return events, nil
}

// loadKeyHolder returns the actor, who has the permission, and the keys of the named
// user, who exists. Where self is set, every user has the permission on themselves. An
// actor without it does not learn which names there are.
func loadKeyHolder(h domain.History, env domain.Env, name string, code int, self bool) (*access.Actor, *userKeys, error) {
	actor, named := access.NewActor(env.Actor), access.NewUserNamed(name)
	if err := h.Load(actor, named); err != nil {
		return nil, nil, err
	}
	if !self || !actor.Registered() || named.ID() != actor.ID() {
		if err := actor.RequireCode(code); err != nil {
			return nil, nil, err
		}
	}
	if named.ID() == 0 {
		return nil, nil, domain.Refused("user %s does not exist", name).Blame("username")
	}
	user := newUserKeys(named.ID())
	user.name = named.Name()
	return actor, user, h.Load(user)
}

// GrantAccount lets a user log in to a system account of a machine, or takes it back.
type GrantAccount struct {
	username, ip, account string
	revoke                bool
}

// NewGrantAccount checks the form of a grant.
func NewGrantAccount(username, ip, account string) (GrantAccount, error) {
	return newGrant(username, ip, account, false)
}

// NewRevokeAccount checks the form of a revocation.
func NewRevokeAccount(username, ip, account string) (GrantAccount, error) {
	return newGrant(username, ip, account, true)
}

func newGrant(username, ip, account string, revoke bool) (c GrantAccount, err error) {
	c.revoke = revoke
	if c.username, err = required("username", &username); err != nil {
		return c, err
	}
	if _, err = required("ip", &ip); err != nil {
		return c, err
	}
	if c.ip, err = parseIP("ip", ip); err != nil {
		return c, err
	}
	c.account, err = parseAccount(account)
	return c, err
}

// Decide implements [domain.Command].
func (c GrantAccount) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	_, user, err := loadKeyHolder(h, env, c.username, access.CodeManageSSHKey, false)
	if err != nil {
		return nil, err
	}
	machine := machineAt(c.ip)
	if err := h.Load(machine); err != nil {
		return nil, err
	}
	if machine.HeldBy() == 0 {
		return nil, domain.Refused("ip %s is not an address of a registered machine", c.ip).Blame("ip")
	}
	at := account{machine.HeldBy(), c.account}
	if user.grants[at] != c.revoke {
		return c.unchanged()
	}
	keys := newAccountKeys(at)
	if err := h.Load(keys); err != nil {
		return nil, err
	}
	if c.revoke {
		return user.revoked(at, keys), nil
	}
	return user.granted(at, c.ip, keys), nil
}

// granted are the events by which the user may log in to an account.
func (f *userKeys) granted(at account, ip string, keys *accountKeys) []domain.Event {
	return []domain.Event{
		AccountGranted{User: f.user, Username: f.name, Machine: at.machine, IP: ip, Account: at.name},
		keys.with(f.user, f.name, f.keys),
	}
}

// revoked are the events by which the user may no longer log in to an account.
func (f *userKeys) revoked(at account, keys *accountKeys) []domain.Event {
	return []domain.Event{
		AccountRevoked{User: f.user, Username: f.name, Machine: at.machine, Account: at.name},
		keys.with(f.user, f.name, nil),
	}
}

// unchanged is the decision when nothing would change: a second grant is no error, but
// the revocation of an account that was never granted is.
func (c GrantAccount) unchanged() ([]domain.Event, error) {
	if c.revoke {
		return nil, domain.Refused("user %s has no access to %s@%s", c.username, c.account, c.ip)
	}
	return nil, nil
}

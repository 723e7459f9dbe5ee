package ops

import (
	"cmp"
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// account names a system account of a machine.
type account struct {
	machine int64
	name    string
}

// userKeys has a user's keys and the accounts that the user may log in to.
type userKeys struct {
	user domain.UserID
	// name is set by the command, which has looked the user up.
	name string
	userKeysState
}

type userKeysState struct {
	keys   []string // never changed in place
	grants map[account]bool
	// last is what became last of the right to log in to each account, of former ones, too.
	last    map[account]lastGrant
	changed domain.Position
}

// lastGrant is when a grant was given, or taken back, and the address that it named the machine by.
type lastGrant struct {
	at domain.Position
	ip string
}

func newUserKeys(user domain.UserID) *userKeys {
	return &userKeys{user: user, userKeysState: userKeysState{grants: map[account]bool{}, last: map[account]lastGrant{}}}
}

// Item implements [domain.Fold]. All types are guards, since each of them changes the
// sets of keys that machines get.
func (f *userKeys) Item() domain.Item {
	return domain.Item{Tag: TagUserKeys(f.user), Types: []string{
		UserKeysChanged{}.EventType(), AccountGranted{}.EventType(), AccountRevoked{}.EventType(),
	}}
}

// Apply implements [domain.Fold].
func (f *userKeys) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserKeysChanged:
		f.keys = e.After
	case AccountGranted:
		at := account{e.Machine, e.Account}
		f.grants[at], f.last[at] = true, lastGrant{r.Position, e.IP}
	case AccountRevoked:
		at := account{e.Machine, e.Account}
		delete(f.grants, at)
		f.last[at] = lastGrant{r.Position, f.last[at].ip}
	default:
		return
	}
	f.changed = r.Position
}

// accounts are the accounts that the user may log in to, in a stable order.
func (f *userKeys) accounts() []account {
	return slices.SortedFunc(maps.Keys(f.grants), func(a, b account) int {
		return cmp.Or(cmp.Compare(a.machine, b.machine), cmp.Compare(a.name, b.name))
	})
}

// Snapshot implements [domain.Fold].
func (f *userKeys) Snapshot() any {
	s := f.userKeysState
	s.grants, s.last = maps.Clone(s.grants), maps.Clone(s.last)
	return s
}

// Restore implements [domain.Fold].
func (f *userKeys) Restore(s any) {
	f.userKeysState = s.(userKeysState)
	f.grants, f.last = maps.Clone(f.grants), maps.Clone(f.last)
}

// accountKeys is the set of keys that open an account.
type accountKeys struct {
	account
	keys []AccountKey // never changed in place
}

func newAccountKeys(a account) *accountKeys { return &accountKeys{account: a} }

// Item implements [domain.Fold].
func (f *accountKeys) Item() domain.Item {
	return domain.Item{Tag: TagAccount(f.machine, f.name), Types: []string{AccountKeysSet{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *accountKeys) Apply(r domain.Recorded) {
	if e, ok := r.Event.(AccountKeysSet); ok {
		f.keys = e.Keys
	}
}

// with returns the event that replaces one user's keys in the set.
func (f *accountKeys) with(user domain.UserID, name string, keys []string) AccountKeysSet {
	e := AccountKeysSet{Machine: f.machine, Account: f.name, Keys: []AccountKey{}}
	for _, k := range f.keys {
		if k.User != user {
			e.Keys = append(e.Keys, k)
		}
	}
	for _, k := range keys {
		e.Keys = append(e.Keys, AccountKey{User: user, Username: name, Key: k})
	}
	return e
}

// Snapshot implements [domain.Fold].
func (f *accountKeys) Snapshot() any { return f.keys }

// Restore implements [domain.Fold].
func (f *accountKeys) Restore(s any) { f.keys = s.([]AccountKey) }

// machineAccounts has the users who may log in to the accounts of one machine.
type machineAccounts struct {
	machine int64
	grants  map[grant]string // the user's name
}

// grant names one user who may log in to one account of a machine.
type grant struct {
	account string
	user    domain.UserID
}

func newMachineAccounts(machine int64) *machineAccounts {
	return &machineAccounts{machine: machine, grants: map[grant]string{}}
}

// Item implements [domain.Fold].
func (f *machineAccounts) Item() domain.Item {
	return domain.Item{Tag: TagMachineAccounts(f.machine), Types: []string{AccountGranted{}.EventType(), AccountRevoked{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *machineAccounts) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case AccountGranted:
		f.grants[grant{e.Account, e.User}] = e.Username
	case AccountRevoked:
		delete(f.grants, grant{e.Account, e.User})
	}
}

// revocations are the events that take every grant back, in a stable order.
func (f *machineAccounts) revocations() []domain.Event {
	var events []domain.Event
	for _, g := range slices.SortedFunc(maps.Keys(f.grants), func(a, b grant) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.user, b.user))
	}) {
		events = append(events, AccountRevoked{User: g.user, Username: f.grants[g], Machine: f.machine, Account: g.account})
	}
	return events
}

// Snapshot implements [domain.Fold].
func (f *machineAccounts) Snapshot() any { return maps.Clone(f.grants) }

// Restore implements [domain.Fold].
func (f *machineAccounts) Restore(s any) { f.grants = maps.Clone(s.(map[grant]string)) }

package host

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/sshkeys"
)

// checkKeysEvery is how often the accounts' files are checked for changes by others.
const checkKeysEvery = time.Minute

// accountKeys hands the sets of keys of accounts to the keeper, in a goroutine of its
// own: a home may be on a disk that does not answer, and tasks must not wait for it.
// Sets that a crash loses are in the work that the host asks for at its next start.
//
// Invariant: of an account's sets the one with the highest position wins, in whatever
// order they come.
type accountKeys struct {
	follower *Follower
	keeper   *sshkeys.Keeper
	wake     chan struct{}

	mu sync.Mutex
	// latest is the position of each account's newest set; pending has the sets that are
	// not handed over yet.
	latest  map[string]domain.Position
	pending map[string]keySet
	states  map[string]protocol.AccountState
	// all is set until accounts that it does not name have lost their keys.
	all *allAccounts
}

// keySet is an account's set of keys as of a position.
type keySet struct {
	lines []string
	at    domain.Position
}

// allAccounts names all accounts that are to have keys, as of a position.
type allAccounts struct {
	names map[string]bool
	at    domain.Position
}

func newAccountKeys(f *Follower) *accountKeys {
	return &accountKeys{
		follower: f, keeper: f.cfg.Keys, wake: make(chan struct{}, 1),
		latest: map[string]domain.Position{}, pending: map[string]keySet{}, states: map[string]protocol.AccountState{},
	}
}

// set takes an account's keys as of a position.
func (k *accountKeys) set(e ops.AccountKeysSet, at domain.Position) {
	lines := make([]string, len(e.Keys))
	for i, key := range e.Keys {
		lines[i] = key.Key + " " + key.Username
	}
	k.mu.Lock()
	k.put(e.Account, lines, at)
	k.mu.Unlock()
	signal(k.wake)
}

// replace takes the sets of all accounts as of a position; other accounts have no keys.
func (k *accountKeys) replace(all []ops.AccountKeysSet, at domain.Position) {
	w := &allAccounts{names: map[string]bool{}, at: at}
	for _, e := range all {
		w.names[e.Account] = true
		k.set(e, at)
	}
	k.mu.Lock()
	k.all = w
	k.mu.Unlock()
	signal(k.wake)
}

func (k *accountKeys) put(account string, lines []string, at domain.Position) {
	if at >= k.latest[account] {
		k.latest[account], k.pending[account] = at, keySet{lines, at}
	}
}

// run hands keys over and repairs files that somebody changed, until ctx ends. It
// begins by repairing the accounts that the keeper remembers.
func (k *accountKeys) run(ctx context.Context) {
	if k.keeper == nil {
		return
	}
	k.check()
	timer := time.NewTimer(backoff.Jitter(checkKeysEvery))
	defer timer.Stop()
	for {
		k.handOver()
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case <-timer.C:
			k.check()
			timer.Reset(backoff.Jitter(checkKeysEvery))
		}
	}
}

func (k *accountKeys) handOver() {
	pending := k.take()
	for account, set := range pending {
		status, err := k.keeper.Set(account, set.lines)
		status.SystemUser, status.Err = account, err
		k.note(status, set.at, len(set.lines) == 0)
	}
	if len(pending) > 0 {
		signal(k.follower.heartbeatNow)
	}
}

func (k *accountKeys) take() map[string]keySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all != nil {
		for account := range k.states {
			if !k.all.names[account] {
				k.put(account, nil, k.all.at)
			}
		}
		k.all = nil
	}
	pending := k.pending
	k.pending = map[string]keySet{}
	return pending
}

func (k *accountKeys) check() {
	for _, status := range k.keeper.Check() {
		k.note(status, 0, false)
	}
}

// note remembers the state of an account for the heartbeats. An account that is to
// have no keys is forgotten once it has none. at is the position of the work that the keys
// are of, 0 for the same as before.
func (k *accountKeys) note(s sshkeys.Status, at domain.Position, none bool) {
	log := k.follower.cfg.Log.With("account", s.SystemUser)
	state := protocol.AccountState{Account: s.SystemUser, Digest: s.Digest, Position: at, Problem: problem(s.Err)}
	switch {
	case s.Err != nil:
		state.Error = s.Err.Error()
		log.Warn("the account's keys are not as they should be", "error", s.Err)
	case s.Drift:
		log.Warn("somebody had changed the account's keys; they were put back", "keys", s.Keys)
	case s.Changed:
		log.Info("the account's keys were written", "keys", s.Keys)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if none && s.Err == nil {
		delete(k.states, s.SystemUser)
		return
	}
	if at == 0 {
		state.Position = k.states[s.SystemUser].Position
	}
	k.states[s.SystemUser] = state
}

func problem(err error) string {
	switch {
	case errors.Is(err, sshkeys.ErrNoAccount):
		return protocol.ProblemMissingAccount
	case errors.Is(err, sshkeys.ErrNotAllowed):
		return protocol.ProblemNotAllowed
	default:
		return ""
	}
}

// accounts lists the states of all accounts, by name.
func (k *accountKeys) accounts() []protocol.AccountState {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []protocol.AccountState
	for _, s := range k.states {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b protocol.AccountState) int { return cmp.Compare(a.Account, b.Account) })
	return all
}

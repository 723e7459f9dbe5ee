package host

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/sshkeys"
)

// checkKeysEvery is how often the accounts are looked at for what somebody changed.
const checkKeysEvery = time.Minute

// keyring hands the accounts' keys to their keeper, in a goroutine of its own: a
// home may be on a disk that does not answer, and tasks must not wait for it.
// What a crash takes from here is in the work that is asked for at the next start.
//
// Invariant: of an account's sets the one of the highest position wins, in
// whatever order they come.
type keyring struct {
	agent  *Agent
	keeper *sshkeys.Keeper
	wake   chan struct{}

	mu sync.Mutex
	// latest is of each account's newest set the position, pending the set itself
	// while it is not handed over.
	latest  map[string]domain.Position
	pending map[string][]string
	states  map[string]protocol.AccountState
	// whole is set while it is to be seen who else has keys than those it names.
	whole *whole
}

// whole names all accounts that are to have keys, as of a position.
type whole struct {
	names map[string]bool
	at    domain.Position
}

func newKeyring(a *Agent) *keyring {
	return &keyring{
		agent: a, keeper: a.cfg.Keys, wake: make(chan struct{}, 1),
		latest: map[string]domain.Position{}, pending: map[string][]string{}, states: map[string]protocol.AccountState{},
	}
}

// set takes an account's keys as of a position.
func (k *keyring) set(e ops.AccountKeysSet, at domain.Position) {
	lines := make([]string, len(e.Keys))
	for i, key := range e.Keys {
		lines[i] = key.Key + " " + key.Username
	}
	k.mu.Lock()
	k.put(e.Account, lines, at)
	k.mu.Unlock()
	signal(k.wake)
}

// replace takes the sets of all accounts as of a position; those that are not
// among them have none.
func (k *keyring) replace(all []ops.AccountKeysSet, at domain.Position) {
	w := &whole{names: map[string]bool{}, at: at}
	for _, e := range all {
		w.names[e.Account] = true
		k.set(e, at)
	}
	k.mu.Lock()
	k.whole = w
	k.mu.Unlock()
	signal(k.wake)
}

func (k *keyring) put(account string, lines []string, at domain.Position) {
	if at >= k.latest[account] {
		k.latest[account], k.pending[account] = at, lines
	}
}

// run hands keys over and repairs what was changed, until ctx ends. It begins
// with a look at what an earlier life was asked for.
func (k *keyring) run(ctx context.Context) {
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

func (k *keyring) handOver() {
	pending := k.take()
	for account, lines := range pending {
		status, err := k.keeper.Set(account, lines)
		status.SystemUser, status.Err = account, err
		k.note(status, len(lines) == 0)
	}
	if len(pending) > 0 {
		signal(k.agent.aliveNow)
	}
}

func (k *keyring) take() map[string][]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.whole != nil {
		for account := range k.states {
			if !k.whole.names[account] {
				k.put(account, nil, k.whole.at)
			}
		}
		k.whole = nil
	}
	pending := k.pending
	k.pending = map[string][]string{}
	return pending
}

func (k *keyring) check() {
	for _, status := range k.keeper.Check() {
		k.note(status, false)
	}
}

// note remembers how an account is, for the signs of life. One without keys is
// forgotten once it has none.
func (k *keyring) note(s sshkeys.Status, none bool) {
	log := k.agent.cfg.Log.With("account", s.SystemUser)
	state := protocol.AccountState{Account: s.SystemUser, Digest: s.Digest}
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
	k.states[s.SystemUser] = state
}

// accounts lists how all accounts are, by name.
func (k *keyring) accounts() []protocol.AccountState {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []protocol.AccountState
	for _, s := range k.states {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b protocol.AccountState) int { return cmp.Compare(a.Account, b.Account) })
	return all
}

package identity

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// usersCheck is how old the view of the log may be: what happened
	// to a user anywhere is known everywhere that much later.
	usersCheck = 50 * time.Millisecond
	// maxUsers bounds what is remembered.
	maxUsers = 10_000
	// maxCatchUp is the number of events that are looked at to find out whom they
	// touch; beyond it everybody is forgotten.
	maxCatchUp = 500
)

// ErrNoUser says that the log has no such user, or no longer.
var ErrNoUser = errors.New("there is no such user")

// users remembers users between requests, as the log has them. It asks the log
// itself, so that it depends on neither NATS nor the read models; whatever the
// number of requests, the log is asked for news once in 50 ms.
//
// Invariants:
//  1. A request is judged by what the log had at most 50 ms before it began, and
//     by everything that this process itself appended before.
//  2. A user is remembered only if they were read at a head no older than what
//     the memory was last brought up to.
type users struct {
	store *eventstore.Store
	now   func() time.Time
	// turn holds a value while someone asks for news.
	turn chan struct{}
	// appended counts the batches in which this process has appended to the access context.
	appended atomic.Uint64

	mu sync.Mutex
	// seen is what appended was when the last look began that has ended.
	seen     uint64
	programs credentials
	sessions sessions
	known    map[domain.UserID]*User
	at       domain.Position // of the last access event that was seen; written by who has the turn
	checked  time.Time
}

func newUsers(store *eventstore.Store) *users {
	k := &users{store: store, now: time.Now, turn: make(chan struct{}, 1), known: map[domain.UserID]*User{}, programs: newCredentials(), sessions: sessions{}}
	store.OnCommit(func(batch []protocol.Envelope) {
		for i := range batch {
			if batch[i].Context == domain.ContextAccess {
				k.appended.Add(1)
				return
			}
		}
	})
	return k
}

// User returns a user as the log had them at most [usersCheck] ago, or [ErrNoUser].
func (k *users) User(ctx context.Context, id domain.UserID) (*User, error) {
	if err := k.catchUp(ctx); err != nil {
		return nil, err
	}
	k.mu.Lock()
	c, ok := k.known[id]
	k.mu.Unlock()
	if ok {
		return c, nil
	}
	c, at, err := k.read(ctx, id)
	if err == nil {
		k.remember(c, at)
	}
	return c, err
}

// UserNamed returns the user of that name, compared without case, as of now, or [ErrNoUser].
func (k *users) UserNamed(ctx context.Context, name string) (*User, error) {
	named := access.NewUserNamed(name)
	if _, err := k.store.Load(ctx, named); err != nil {
		return nil, fmt.Errorf("find user by name: %w", err)
	}
	if named.ID() == 0 {
		return nil, ErrNoUser
	}
	return k.UserNow(ctx, named.ID())
}

// UserNow is User as of now.
func (k *users) UserNow(ctx context.Context, id domain.UserID) (*User, error) {
	user, _, err := k.read(ctx, id)
	return user, err
}

// read reads a user from the log. The position says what the answer knows of: all up to it.
func (k *users) read(ctx context.Context, id domain.UserID) (*User, domain.Position, error) {
	h := &reading{ctx: ctx, store: k.store}
	state := access.NewUser(id)
	if err := h.Load(state); err != nil {
		return nil, 0, fmt.Errorf("read user %d: %w", id, err)
	}
	if !state.Exists {
		return nil, 0, ErrNoUser
	}
	actor, err := access.LoadWhole(h, id)
	if err != nil {
		return nil, 0, fmt.Errorf("read the rights of user %d: %w", id, err)
	}
	return &User{ID: id, UserState: state.UserState, actor: actor, whole: actor}, h.at, nil
}

func (k *users) remember(c *User, at domain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at < k.at {
		return // the log went on, and the memory with it
	}
	if len(k.known) >= maxUsers {
		clear(k.known)
	}
	k.known[c.ID] = c
}

// catchUp makes sure that the memory lacks nothing older than usersCheck.
func (k *users) catchUp(ctx context.Context) error {
	if k.fresh() {
		return nil
	}
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-k.turn }()
	if k.fresh() {
		return nil // while we waited
	}
	return k.look(ctx)
}

func (k *users) fresh() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen == k.appended.Load() && k.now().Sub(k.checked) < usersCheck
}

// look asks the log for news and forgets whom they touch.
func (k *users) look(ctx context.Context) error {
	begun, appended := k.now(), k.appended.Load()
	head, err := k.store.Head(ctx)
	if err != nil {
		return err
	}
	last := head.Last[domain.ContextAccess]
	var news []protocol.Envelope
	if last > k.at && k.at > 0 {
		if news, err = k.store.ReadBack(ctx, last, k.at, maxCatchUp); err != nil {
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if last < k.at || k.at == 0 || len(news) == maxCatchUp {
		clear(k.known)
		clear(k.programs.known)
		clear(k.programs.ended)
		clear(k.programs.secrets)
		clear(k.sessions)
	}
	for i := range news {
		k.forget(news[i].Tags)
	}
	k.at, k.checked, k.seen = last, begun, appended
	return nil
}

// forget forgets the users and credentials that an event with the tags is about.
func (k *users) forget(tags []domain.Tag) {
	for _, tag := range tags {
		kind, text, _ := strings.Cut(string(tag), ":")
		if tag == access.TagSession(text) {
			delete(k.sessions, text)
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			continue
		}
		switch {
		case domain.IDTag(kind, id) == access.TagUser(domain.UserID(id)):
			delete(k.known, domain.UserID(id))
		case domain.IDTag(kind, id) == access.TagRole(id):
			k.forgetHolders(id)
		case domain.IDTag(kind, id) == access.TagCredential(domain.CredentialID(id)):
			delete(k.programs.known, domain.CredentialID(id))
			delete(k.programs.ended, domain.CredentialID(id))
			delete(k.programs.secrets, domain.CredentialID(id))
		}
	}
}

func (k *users) forgetHolders(role int64) {
	for id, c := range k.known {
		for _, r := range c.Roles {
			if r == role {
				delete(k.known, id)
			}
		}
	}
}

// reading is a [domain.History] for those who decide nothing.
type reading struct {
	ctx   context.Context
	store *eventstore.Store
	// at is the head of the first Load: what was read knows of all up to it.
	at domain.Position
}

// Load implements [domain.History].
func (h *reading) Load(folds ...domain.Fold) error {
	head, err := h.store.Load(h.ctx, folds...)
	if h.at == 0 {
		h.at = head
	}
	return err
}

package identity

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
)

// The log is asked for news once in 50 ms, not for each request.
func TestUsersAskSeldom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.register("user")
	now := time.Now()
	k := newUsers(w.process())
	k.now = func() time.Time { return now }
	named := func() string {
		t.Helper()
		c, err := k.User(t.Context(), 2)
		if err != nil {
			return err.Error()
		}
		return c.Username
	}
	before := named()
	deleted, err := access.NewDeleteUser(2, nil)
	w.execute(deleted, err)
	now = now.Add(usersCheck - 1)
	if got := named(); got != before || got != "user" {
		t.Errorf("asked again at once: %s", got)
	}
	now = now.Add(1)
	if got := named(); got != ErrNoUser.Error() {
		t.Errorf("not asked after %v: %s", usersCheck, got)
	}
	// Without the log nobody is judged by what was.
	now = now.Add(usersCheck)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.User(ctx, 1); err == nil {
		t.Error("a user was known without asking")
	}
}

// What was read before the memory went on is not remembered in it.
func TestUsersForgetStragglers(t *testing.T) {
	t.Parallel()
	k := &users{known: map[domain.UserID]*User{}, at: 10}
	k.remember(&User{ID: 1}, 9)
	k.remember(&User{ID: 2}, 10)
	if k.known[1] != nil || k.known[2] == nil {
		t.Errorf("remembered: %v", k.known)
	}
	for i := range maxUsers {
		k.remember(&User{ID: domain.UserID(i + 3)}, 10)
	}
	if len(k.known) > maxUsers {
		t.Errorf("%d users are remembered", len(k.known))
	}
}

// What this process appended itself is known to nobody before the log was asked, also while somebody asks.
func TestUsersWaitForNews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.register("user")
	now := time.Now()
	k := newUsers(w.store)
	k.now = func() time.Time { return now } // no time passes
	if _, err := k.User(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	deleted, err := access.NewDeleteUser(2, nil)
	w.execute(deleted, err)
	held, err := w.pool.Begin(t.Context())
	must(t, err)
	_, err = held.Exec(t.Context(), "LOCK TABLE log.head IN ACCESS EXCLUSIVE MODE")
	must(t, err)
	asked := make(chan error, 1)
	go func() {
		_, err := k.User(t.Context(), 2)
		asked <- err
	}()
	testkit.Eventually(t, "somebody asks the log for its head", func() (waits bool) {
		must(t, held.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'log.head'::regclass AND NOT granted)").Scan(&waits))
		return waits
	})
	if k.fresh() {
		t.Error("the memory counts as new while the log is asked")
	}
	must(t, held.Rollback(t.Context()))
	if err := testkit.Await(t, "an answer", asked); !errors.Is(err, ErrNoUser) {
		t.Errorf("after the deletion: %v", err)
	}
}

// What this process appended itself is known to the next request, however soon.
func TestUsersFollowTheirOwnProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.register("user")
	now := time.Now()
	k := newUsers(w.store)
	k.now = func() time.Time { return now } // no time passes
	if _, err := k.User(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	deleted, err := access.NewDeleteUser(2, nil)
	w.execute(deleted, err)
	if _, err := k.User(t.Context(), 2); !errors.Is(err, ErrNoUser) {
		t.Errorf("after the deletion: %v", err)
	}
}

// A token's end ends the requests that go on, too.
func TestTokenEndsLongRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, err := w.User(t.Context(), access.AdminID)
	must(t, err)
	token, err := w.tokens.issue(t.Context(), holder{ID: admin.ID, Generation: admin.Generation()}, admin.Username, time.Now())
	must(t, err)
	who, err := w.Authenticate(t.Context(), token)
	must(t, err)
	again, err := w.Again(t.Context(), who)
	must(t, err)
	w.users.now = func() time.Time { return time.Now().Add(TokenLife) }
	for _, user := range []*User{who, again} {
		if _, err := w.Again(t.Context(), user); !errors.Is(err, ErrTokenInvalid) || !errors.Is(err, ErrTokenExpired) {
			t.Errorf("%v", err)
		}
	}
}

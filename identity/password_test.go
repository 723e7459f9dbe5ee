package identity

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := &passwords{slots: semaphore.NewWeighted(1)}
	hash, err := p.hash(t.Context(), "secret")
	must(t, err)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Error(hash)
	}
	p.nobody = hash
	for _, c := range []struct {
		password, hash string
		want           bool
	}{{"secret", hash, true}, {"Secret", hash, false}, {"", hash, false}, {"secret", "", false}} {
		if ok, err := p.check(t.Context(), c.password, c.hash); err != nil || ok != c.want {
			t.Errorf("%q against %q: %v, %v", c.password, c.hash, ok, err)
		}
	}
	for _, bad := range []string{"x", "$argon2id$v=18$m=19456,t=2,p=1$c2FsdA$c3Vt", "$argon2i$v=19$m=1,t=1,p=1$c2FsdA$c3Vt", "$argon2id$v=19$m=1,t=0,p=1$c2FsdA$c3Vt"} {
		if ok, err := p.check(t.Context(), "secret", bad); ok || err == nil {
			t.Errorf("%q is taken for a hash", bad)
		}
	}

	// With all slots taken a further check waits, here for ever.
	must(t, p.slots.Acquire(t.Context(), 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.check(ctx, "secret", hash); !errors.Is(err, context.Canceled) {
		t.Errorf("a hash was computed beyond the limit: %v", err)
	}
}

// A hash holds its slot while it is computed.
func TestHashHoldsItsSlot(t *testing.T) {
	t.Parallel()
	p := newPasswords()
	p.slots = semaphore.NewWeighted(1)
	done := make(chan error)
	go func() {
		_, err := p.hash(context.Background(), "secret")
		done <- err
	}()
	held := false
	for {
		if !p.slots.TryAcquire(1) {
			held = true
		} else {
			p.slots.Release(1)
		}
		select {
		case err := <-done:
			if err != nil || !held {
				t.Errorf("the slot was free all the time (%v)", err)
			}
			return
		default:
			runtime.Gosched()
		}
	}
}

// Every refusal of a login comes after a hash was computed, whoever has the name. In
// this test no hash can be computed, so no login may be refused.
func TestRefusalsCostAHash(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.passwords.slots = semaphore.NewWeighted(1)
	must(t, s.passwords.slots.Acquire(t.Context(), 1))
	local := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.verifyLocal(ctx, name, "wrong")
			return err
		}
	}
	for name, verify := range map[string]func(context.Context) error{
		"a user": local("admin"), "nobody": local("nobody"), "no name at all": local("?"),
		"the directory's": func(ctx context.Context) error { return s.refuseDirectoryUser(ctx, "nobody", "wrong") },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := verify(ctx); err == nil || errors.As(err, new(*refusedLogin)) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

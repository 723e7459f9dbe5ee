package identity

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := &passwords{line: newHashLine(1)}
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
	_, err = p.line.enter(t.Context())
	must(t, err)
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
	p.line = newHashLine(1)
	done := make(chan error)
	go func() {
		_, err := p.hash(context.Background(), "secret")
		done <- err
	}()
	held := false
	for {
		p.line.mu.Lock()
		held = held || p.line.free == 0
		p.line.mu.Unlock()
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
	s.passwords.line = newHashLine(1)
	_, err := s.passwords.line.enter(t.Context())
	must(t, err)
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

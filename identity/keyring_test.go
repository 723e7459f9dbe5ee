package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
)

// process is the tokens of one process with a clock of its own.
func processTokens(t *testing.T, v *vault.Vault, now *time.Time) *tokens {
	t.Helper()
	keys, err := newKeyring(t.Context(), v)
	must(t, err)
	keys.now = func() time.Time { return *now }
	return newTokens(keys)
}

// Rotation: both processes take up the new key by themselves, the latest two keys
// verify, and nobody signs with a key that the other may not know yet.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	v, err := vault.Open(testkit.Postgres(t), filepath.Join(t.TempDir(), "vault.key"))
	must(t, err)
	now := time.Now().Add(time.Minute) // later than the keyrings first looked
	a, b := processTokens(t, v, &now), processTokens(t, v, &now)
	issue := func(by *tokens) string {
		t.Helper()
		token, err := by.issue(t.Context(), holder{ID: 7, Generation: "g"}, "user", time.Now())
		must(t, err)
		return token
	}
	reads := func(token string, want bool) {
		t.Helper()
		for name, p := range map[string]*tokens{"a": a, "b": b, "new": processTokens(t, v, &now)} {
			h, err := p.read(t.Context(), token)
			if want != (err == nil) || err != nil && !errors.Is(err, ErrTokenInvalid) || err == nil && (h.ID != 7 || h.Generation != "g" || !h.Expires.After(time.Now())) {
				t.Errorf("%s reads %+v, %v; want %v", name, h, err, want)
			}
		}
	}
	rotate := func(want int) {
		t.Helper()
		if number, err := RotateTokenKey(t.Context(), v); err != nil || number != want {
			t.Fatalf("rotated to key %d, %v", number, err)
		}
	}
	first := issue(a)
	rotate(2)
	now = now.Add(keyCheck)
	if early := issue(a); kidOf(t, early) != kidOf(t, first) {
		t.Error("a new key signs before everybody knows it")
	}
	now = now.Add(keyRipens)
	second := issue(a)
	if kidOf(t, second) == kidOf(t, first) {
		t.Error("the new key does not sign")
	}
	reads(first, true)
	reads(second, true)
	rotate(3)
	now = now.Add(keyCheck)
	reads(first, false)
	reads(second, true)
	rotate(4)
	now = now.Add(keyCheck)
	reads(second, false)

	// While the vault cannot be asked, no token is called bad.
	now = now.Add(keyCheck)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.read(ctx, issue(b)); !errors.Is(err, context.Canceled) || errors.Is(err, ErrTokenInvalid) {
		t.Errorf("without the vault: %v", err)
	}
}

func kidOf(t *testing.T, token string) string {
	t.Helper()
	header, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	must(t, err)
	return string(header)
}

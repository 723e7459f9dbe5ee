package identity

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/access"
)

// Whoever names keys that there are not has no key forgotten that there is, and such a key is looked
// for in the memory alone.
func TestUnknownKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cmd, err := access.NewAddCredential(access.CredentialInput{Name: new("acme"), Kind: new(access.CredentialTSIG)}, time.Now())
	must(t, err)
	_, secret, err := w.SealTSIG(t.Context(), cmd.Algorithm())
	must(t, err)
	if w.Remembers("acme-1.") {
		t.Error("a key is remembered that nobody has asked for")
	}
	w.execute(cmd.WithSecret(secret.String()), nil)
	_, err = w.TSIGKey(t.Context(), "acme-1")
	must(t, err)
	if !w.Remembers("ACME-1.") {
		t.Error("the key is not remembered")
	}
	for i := range 5 {
		name := fmt.Sprintf("acme-%d.", 100+i)
		if _, err := w.TSIGKey(t.Context(), name); !errors.Is(err, ErrTokenInvalid) || w.Remembers(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.users.mu.Lock()
	defer w.users.mu.Unlock()
	if known, ended := len(w.programs.known), len(w.programs.ended); known != 1 || ended != 5 {
		t.Errorf("%d keys are remembered, and %d that there are not", known, ended)
	}
}

package signing_test

import (
	"crypto/ed25519"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/signing"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Processes that share a vault sign with the same keys. The two newest sign, no other, and
// those that are known stay when the vault cannot be read.
func TestSetsInForce(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	secrets, err := vault.Open(pool, filepath.Join(t.TempDir(), "vault.key"))
	if err != nil {
		t.Fatal(err)
	}
	open := func() *signing.Signer {
		s, err := signing.New(t.Context(), secrets, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	log, payload := uuid.New(), []byte("event")
	signs := func(s *signing.Signer, keys ...ed25519.PublicKey) (which []bool) {
		seal := s.Seal(t.Context(), log, [][]byte{payload})[0]
		for _, key := range keys {
			r := protocol.SealReader{Key: key}
			which = append(which, r.Verify(log, payload, seal) == nil)
		}
		return which
	}
	a, b := open(), open()
	var keys []ed25519.PublicKey
	for number := 1; number <= 3; number++ {
		if number > 1 {
			if made, err := signing.Rotate(t.Context(), secrets); err != nil || made != number {
				t.Fatalf("set %d: %d, %v", number, made, err)
			}
		}
		key, pins := open().Known(t.Context())
		if keys = append(keys, key); len(pins) != min(number, 2) {
			t.Errorf("%d sets, pins %v", number, pins)
		}
		want := make([]bool, number)
		want[number-1], want[max(number-2, 0)] = true, true
		for _, s := range []*signing.Signer{a, b} {
			testkit.Eventually(t, "a running process signs with the sets in force", func() bool { return slices.Equal(signs(s, keys...), want) })
		}
	}
	pool.Close()
	if got := signs(a, keys...); !slices.Equal(got, []bool{false, true, true}) {
		t.Errorf("without the vault the keys %v sign", got)
	}
}

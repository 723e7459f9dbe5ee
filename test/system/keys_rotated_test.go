package system

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// Each rotation signs with a key of the next number.
func TestRotateKeys(t *testing.T) {
	t.Parallel()
	url, key := testkit.PostgresURL(t), filepath.Join(t.TempDir(), "vault.key")
	for _, want := range []string{"key 1 ", "key 2 ", "key 3 "} {
		said := deployment.Command(t, "rotate-keys", "--data", t.TempDir(), "--database-url", url, "--key-file", key)
		if !strings.Contains(said, want) {
			t.Errorf("%q; want %q", said, want)
		}
	}
}

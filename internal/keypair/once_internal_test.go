package keypair

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// Invariant 1: the log hears once of files that do not fit together, however often they
// are looked at, and again of others.
func TestOneComplaintForEachState(t *testing.T) {
	t.Parallel()
	cert, key := testkit.NewCA(t).Issue("first")
	var log bytes.Buffer
	p, err := Open(cert, key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"", "no certificate"} {
		if err := os.WriteFile(cert, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p.look()
		p.look()
		if n := strings.Count(log.String(), "the one before stays"); n != i+1 {
			t.Errorf("%d complaints about %d states", n, i+1)
		}
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	p.look()
	p.look()
	if n := strings.Count(log.String(), "the one before stays"); n != 3 {
		t.Errorf("%d complaints about 3 states", n)
	}
}

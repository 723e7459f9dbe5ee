package system

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A database that was put back behind its newest checkpoint, by somebody who also removed the
// streams, signs nothing and is not ready, until it is given another origin. Before that a log
// is verified while it is served and while nothing runs, and continues a checkpoint of before.
func TestSetBackBehindItsCheckpoint(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := deployment.NewServeOn(t, "serve", data, "--log-public")
	s.Start()
	s.Login()
	kept := filepath.Join(t.TempDir(), "kept")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(kept, []byte(checkpointAt(t, s, s.Head())), 0o600))
	_, key := s.Call(http.MethodGet, "/v1/log/key", "")
	verify := func() {
		t.Helper()
		said := deployment.Command(t, "verify", "--data", data, "--since", kept, "--key", strings.TrimSpace(key))
		for _, want := range []string{"continues the checkpoint", "signed with the trusted key", "no others"} {
			if !strings.Contains(said, want) {
				t.Errorf("verify does not say %q:\n%s", want, said)
			}
		}
	}
	verify()
	if said := deployment.Command(t, "verify", "--url", s.URL("")); !strings.Contains(said, "the key was not checked") {
		t.Errorf("from outside: %s", said)
	}
	s.Stop()
	verify()
	file := filepath.Join(t.TempDir(), "log.ndjson.zst")
	deployment.Command(t, "export", "--out", file, "--data", data)
	said := deployment.Command(t, "verify", "--export", file, "--key", strings.TrimSpace(key))
	if !strings.Contains(said, "signed with the trusted key") {
		t.Errorf("the file: %s", said)
	}
	copyFolder(t, filepath.Join(data, "postgres"), filepath.Join(data, "backup"))
	s.Start()
	s.Login()
	checkpointAt(t, s, s.Head())
	s.Stop()
	for _, name := range []string{"postgres", "nats"} {
		remove(t, data, name)
	}
	copyFolder(t, filepath.Join(data, "backup"), filepath.Join(data, "postgres"))

	s.Start()
	testkit.Eventually(t, "it is not ready, and says why", func() bool {
		reply, body, err := s.Ask(http.MethodGet, "/readyz", "", "")
		return err == nil && reply.StatusCode == http.StatusServiceUnavailable &&
			strings.Contains(body, "does not contain the checkpoint of position") && strings.Contains(body, "--log-origin")
	})
	s.Stop()
	other := deployment.NewServeOn(t, "serve", data, "--log-origin", "example.com/second")
	other.Start()
	other.Login()
	if text := checkpointAt(t, other, other.Head()); !strings.HasPrefix(text, "example.com/second\n") {
		t.Errorf("another origin signs\n%s", text)
	}
	if reply, body, err := other.Ask(http.MethodGet, "/readyz", "", ""); err != nil || reply.StatusCode != http.StatusOK {
		t.Errorf("with another origin: %v %s", err, body)
	}
}

// checkpointAt waits for a checkpoint that covers the position.
func checkpointAt(t *testing.T, s *deployment.Server, position int64) (text string) {
	t.Helper()
	testkit.Eventually(t, "a checkpoint", func() bool {
		reply, body := s.Call(http.MethodGet, "/v1/log/checkpoint", "")
		lines := strings.Split(body, "\n")
		if reply.StatusCode != http.StatusOK || len(lines) < 3 {
			return false
		}
		size, err := strconv.ParseInt(lines[1], 10, 64)
		text = body
		return err == nil && size >= position
	})
	return text
}

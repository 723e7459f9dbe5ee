package system

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A Postgres that was put back to an earlier state is refused, until recover
// brings back what JetStream still has.
func TestRestoredDatabaseIsRefusedUntilRecovered(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := deployment.StartDev(t, data)
	zone := s.MakeLiveZone("example.com", "192.0.2.1")
	testkit.Eventually(t, "it is noted that the server serves", func() bool { // which is an event of its own
		_, body := s.Call(http.MethodGet, "/v1/events?type=ServerProved", "")
		return strings.Contains(body, `"type":"ServerProved"`)
	})
	before := s.Head()
	s.Stop()
	copyFolder(t, filepath.Join(data, "postgres"), filepath.Join(data, "backup"))
	s.Start()
	s.Login()
	s.PostLive("/dns/records", deployment.RecordBody("mail", "192.0.2.2", zone))
	want := s.Head() // a login, and the record
	s.Stop()
	remove(t, data, "postgres")
	copyFolder(t, filepath.Join(data, "backup"), filepath.Join(data, "postgres"))

	s.RefusesToStart(eventstore.ErrStreamAhead.Error())
	if said := s.Said.String(); !strings.Contains(said, "opsledger recover") {
		t.Errorf("it does not say what to do: %s", said)
	}
	if said := deployment.Command(t, "recover", "--data", data); !strings.Contains(said, fmt.Sprintf("%d events", want-before)) {
		t.Fatalf("recover: %s", said)
	}
	s.Start()
	s.Login()
	if got := s.Head(); got != want+1 { // the tests' login
		t.Errorf("the log ends at %d, want %d", got, want+1)
	}
	s.LiveAt(want)
	s.WantBody("/dns/records?zone_id="+zone, `"total":2`, `"host":"mail"`)
	s.WantAnswer("mail.example.com.", "A", "192.0.2.2")
	s.PostLive("/dns/records", deployment.RecordBody("third", "192.0.2.3", zone))
}

// A fresh Postgres under an old JetStream is refused; under an old agent its
// log replaces the old one, and nothing of the old one is served any more.
func TestFreshDatabaseNeverMixesLogs(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := deployment.StartDev(t, data)
	s.MakeLiveZone("example.com", "192.0.2.1")
	s.Stop()
	remove(t, data, "postgres")
	s.RefusesToStart(eventstore.ErrForeignStream.Error())
	remove(t, data, "nats")
	s.Start()
	s.Login()
	s.MakeLiveZone("example.net", "192.0.2.9") // the same ids and positions as before
	s.WantAnswer("www.example.net.", "A", "192.0.2.9")
	s.WantNoAnswer("www.example.com.", "A")
	if reply, body := s.Call(http.MethodGet, "/dns/zones", ""); reply.StatusCode != http.StatusOK || strings.Contains(body, "example.com") {
		t.Errorf("zones: %d %s", reply.StatusCode, body)
	}
}

func remove(t *testing.T, folder, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
		t.Fatal(err)
	}
}

// copyFolder keeps owners and modes, which PostgreSQL looks at.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if said, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

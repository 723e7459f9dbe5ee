package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/eventstore"
)

// worldWithRecord makes a view, a zone of the name and a record www in it.
func (s *devServer) worldWithRecord(name, value string) (zone string) {
	s.t.Helper()
	view := s.created(s.post("/dns/views", `{"name":"office","acl":"any"}`))
	zone = s.created(s.post("/dns/zones", fmt.Sprintf(`{"name":%q,"zone_type":"master","view_ids":[%s]}`, name, view)))
	s.live(s.post("/dns/records", recordBody("www", value, zone)).Header.Get("Opsledger-Position"))
	return zone
}

// All of JetStream is lost while nothing runs: it is filled again from Postgres,
// the read models stay, the agent goes on.
func TestStreamStorageLost(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startDev(t, data)
	zone := s.worldWithRecord("example.com", "192.0.2.1")
	before := s.head()
	s.stop()
	remove(t, data, "nats")
	s = startDev(t, data)
	s.live(fmt.Sprint(before))
	s.live(s.post("/dns/records", recordBody("mail", "192.0.2.2", zone)).Header.Get("Opsledger-Position"))
	s.wantAnswer("www.example.com.", "A", "192.0.2.1")
	s.wantAnswer("mail.example.com.", "A", "192.0.2.2")
	s.sameInStream()
}

// A Postgres that was put back to an earlier state is refused, until recover
// brings back what JetStream still has.
func TestRestoredDatabaseIsRefusedUntilRecovered(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startDev(t, data)
	zone := s.worldWithRecord("example.com", "192.0.2.1")
	before := s.head()
	s.stop()
	copyFolder(t, filepath.Join(data, "postgres"), filepath.Join(data, "backup"))
	s = startDev(t, data)
	s.live(s.post("/dns/records", recordBody("mail", "192.0.2.2", zone)).Header.Get("Opsledger-Position"))
	want := s.head() // a login, and the record
	s.stop()
	remove(t, data, "postgres")
	copyFolder(t, filepath.Join(data, "backup"), filepath.Join(data, "postgres"))

	app, err := tryApp(t, testConfig(data), true)
	if !errors.Is(err, eventstore.ErrStreamAhead) || !strings.Contains(err.Error(), "recover") {
		stopIfStarted(t, app)
		t.Fatalf("started with %v, want ErrStreamAhead and what to do", err)
	}
	var out strings.Builder
	if err := run(context.Background(), []string{"opsledger", "recover", "--data", data}, &out, &out); err != nil || !strings.Contains(out.String(), fmt.Sprintf("%d events", want-before)) {
		t.Fatalf("recover: %v: %s", err, out.String())
	}
	s = startDev(t, data)
	if got := s.head(); got != want+1 { // the tests' login
		t.Errorf("the log ends at %d, want %d", got, want+1)
	}
	s.live(fmt.Sprint(want))
	s.wantBody("/dns/records?zone_id="+zone, `"total":2`, `"host":"mail"`)
	s.wantAnswer("mail.example.com.", "A", "192.0.2.2")
	s.live(s.post("/dns/records", recordBody("third", "192.0.2.3", zone)).Header.Get("Opsledger-Position"))
}

// A fresh Postgres under an old JetStream is refused; under an old agent its
// log replaces the old one, and nothing of the old one is served any more.
func TestFreshDatabaseNeverMixesLogs(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startDev(t, data)
	s.worldWithRecord("example.com", "192.0.2.1")
	s.stop()
	remove(t, data, "postgres")
	app, err := tryApp(t, testConfig(data), true)
	if !errors.Is(err, eventstore.ErrForeignStream) {
		stopIfStarted(t, app)
		t.Fatalf("started with %v, want ErrForeignStream", err)
	}
	remove(t, data, "nats")
	s = startDev(t, data)
	s.worldWithRecord("example.net", "192.0.2.9") // the same ids and positions as before
	s.wantAnswer("www.example.net.", "A", "192.0.2.9")
	s.wantNoAnswer("www.example.com.", "A")
	if reply, body := s.call(http.MethodGet, "/dns/zones", ""); reply.StatusCode != http.StatusOK || strings.Contains(body, "example.com") {
		t.Errorf("zones: %d %s", reply.StatusCode, body)
	}
}

func stopIfStarted(t *testing.T, app *App) {
	t.Helper()
	if app != nil {
		if err := app.life.stop(); err != nil {
			t.Error(err)
		}
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

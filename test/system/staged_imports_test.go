package system

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// stagedRecords is how many records the large imports of tests have: a few more than are one change
// of the log, or as many as the environment says, to measure.
func stagedRecords(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("OPSLEDGER_TEST_IMPORT"))
	if err != nil {
		return 10_050
	}
	return n
}

// largeZone is a zone file of so many addresses.
func largeZone(n int, ttl int) string {
	text := make([]byte, 0, n*24)
	text = fmt.Appendf(text, "$TTL %d\n", ttl)
	for i := range n {
		text = fmt.Appendf(text, "h%d A 10.%d.%d.%d\n", i, i>>16, i>>8&255, i&255)
	}
	return string(text)
}

// largeImport is a large import as the API shows it.
type largeImport struct {
	State, Reason string
	Appended      int
	Position      int64
}

func startImport(t *testing.T, s *deployment.Site, zone, query, file string) (path string) {
	t.Helper()
	reply, text := s.Serve.Within(5*testkit.Patience).Call(http.MethodPost, "/v1/zones/"+zone+"/import?"+query, file)
	if reply.StatusCode != http.StatusAccepted {
		t.Fatalf("status %d: %s", reply.StatusCode, text)
	}
	return reply.Header.Get("Location")
}

func lookAtImport(t *testing.T, s *deployment.Site, path string) (i largeImport) {
	t.Helper()
	_, text := s.Serve.Call(http.MethodGet, path, "")
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return i
}

// importEnds waits for the end of an import.
func importEnds(t *testing.T, s *deployment.Site, path string) (i largeImport) {
	t.Helper()
	for ended := false; !ended; {
		testkit.Eventually(t, "the import goes on", func() bool {
			was := i.Appended
			i = lookAtImport(t, s, path)
			ended = i.State != "running"
			return ended || i.Appended > was
		})
	}
	return i
}

// A large import is served from its end on, by a name server that saw all of it, and by one that
// began in the midst of it.
func TestStagedImportIsServed(t *testing.T) {
	t.Parallel()
	s := deployment.StartSite(t)
	s.Serve.Login()
	s.Serve.Post("/dns/views", `{"name":"all","acl":"any"}`)
	zone := s.Serve.Created(s.Serve.Post("/dns/zones", `{"name":"large.test","zone_type":"master","view_ids":[1]}`))
	s.Serve.Live(s.Serve.Post("/dns/records", fmt.Sprintf(`{"zone_id":%s,"view_name":"all","host":"old","value":"192.0.2.1"}`, zone)))
	n := stagedRecords(t)
	last := fmt.Sprintf("h%d.large.test.", n-1)

	began := time.Now()
	path := startImport(t, s, zone, "mode=merge", largeZone(n, 60))
	checked := time.Since(began)
	i := importEnds(t, s, path)
	if i.State != "done" || i.Appended != n {
		t.Fatalf("%+v", i)
	}
	appended := time.Since(began)
	s.Serve.Within(10 * testkit.Patience).LiveAt(i.Position)
	t.Logf("%d records: checked after %v, appended after %v, served after %v", n, checked, appended, time.Since(began))
	s.DNS.WantAnswer(last, "A", fmt.Sprintf("10.%d.%d.%d", (n-1)>>16, (n-1)>>8&255, (n-1)&255))
	s.DNS.WantAnswer("old.large.test.", "A", "192.0.2.1")
	s.DNS.WantSerial("large.test.", fmt.Sprint(i.Position))

	path = startImport(t, s, zone, "mode=replace", largeZone(n, 90))
	s.RestartAgent()
	if i = importEnds(t, s, path); i.State != "done" || i.Appended != n+1 {
		t.Fatalf("%+v", i)
	}
	s.Serve.Within(10 * testkit.Patience).LiveAt(i.Position)
	s.DNS.WantAnswer(last, "A", fmt.Sprintf("10.%d.%d.%d", (n-1)>>16, (n-1)>>8&255, (n-1)&255))
	s.DNS.WantNoAnswer("old.large.test.", "A")
	s.DNS.WantSerial("large.test.", fmt.Sprint(i.Position))
}

// An import whose serve is killed leaves nothing, and the zone can be written again soon.
func TestStagedImportIsKilled(t *testing.T) {
	t.Parallel()
	s := deployment.StartSite(t)
	s.Serve.Login()
	s.Serve.Post("/dns/views", `{"name":"all","acl":"any"}`)
	zone := s.Serve.Created(s.Serve.Post("/dns/zones", `{"name":"large.test","zone_type":"master","view_ids":[1]}`))
	path := startImport(t, s, zone, "mode=merge", largeZone(10_050, 60))
	testkit.Eventually(t, "a part is appended", func() bool { return lookAtImport(t, s, path).Appended > 0 })
	s.Serve.Kill()
	s.Serve.Start()
	i := importEnds(t, s, path)
	record := fmt.Sprintf(`{"zone_id":%s,"view_name":"all","host":"after","value":"192.0.2.1"}`, zone)
	s.Serve.Live(s.Serve.Post("/dns/records", record))
	switch i.State {
	case "void":
		s.DNS.WantNoAnswer("h0.large.test.", "A")
	case "done": // it was faster
		s.DNS.WantAnswer("h0.large.test.", "A", "10.0.0.0")
	}
	s.DNS.WantAnswer("after.large.test.", "A", "192.0.2.1")
	s.Serve.OpenLog().SameAsReplay()
}

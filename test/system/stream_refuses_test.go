package system

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// The streams cannot be written for a while: writes are still acknowledged, /readyz
// says what is wrong, and when there is room again all of it goes on without a
// restart.
func TestStreamThatRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resource int
		most     uint64
		// write is answered while the streams take nothing.
		target string
		write  func(zone string) string
		// deaf: nobody can connect and ask.
		deaf bool
	}{
		"no room in its files": {unix.RLIMIT_FSIZE, 0, "/dns/records", func(zone string) string { return deployment.RecordBody("during", "192.0.2.2", zone) }, false},
		"no more files":        {unix.RLIMIT_NOFILE, 3, "/v1/batch", func(zone string) string { return manyRecords(zone, "during") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := deployment.StartSite(t)
			s := site.Serve
			s.Login()
			zone := s.MakeLiveZone("example.com", "192.0.2.1")
			interrupted := s.Said.Printed("publishing is interrupted")
			release := s.Limit(c.resource, c.most)
			position := postUntilTaken(t, s, c.target, c.write(zone))
			testkit.Await(t, "the relay gets no answers", interrupted)
			if !c.deaf {
				awaitReply(t, s, "/readyz", http.StatusServiceUnavailable, "streams take no messages")
			}
			release()
			awaitReply(t, s, fmt.Sprintf("/v1/changes/%d?wait=25s", position), http.StatusOK, `"INSYNC"`)
			site.DNS.WantAnswer("during.example.com.", "A", "192.0.2.2")
			s.PostLive("/dns/records", deployment.RecordBody("after", "192.0.2.3", zone))
			awaitReply(t, s, "/readyz", http.StatusOK, "ready")
			log := s.OpenLog()
			log.SameAsReplay()
			s.Events(log).WantAll(log)
		})
	}
}

// postUntilTaken repeats a write as a client does while it is told to try again: without
// files no connection to the database can be opened, so a request waits for an open one.
func postUntilTaken(t *testing.T, s *deployment.Server, target, body string) (position int64) {
	t.Helper()
	testkit.Eventually(t, "the write is acknowledged", func() bool {
		reply, text, err := s.Ask(http.MethodPost, target, body, "during")
		if err != nil || reply.StatusCode == http.StatusServiceUnavailable {
			return false
		}
		if reply.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d: %s", target, reply.StatusCode, text)
		}
		position = deployment.Position(t, reply)
		return true
	})
	return position
}

// awaitReply waits until a question is answered so.
func awaitReply(t *testing.T, s *deployment.Server, target string, status int, text string) {
	t.Helper()
	testkit.Eventually(t, target+" says "+text, func() bool {
		reply, body, err := s.Ask(http.MethodGet, target, "", "")
		return err == nil && reply.StatusCode == status && strings.Contains(body, text)
	})
}

// manyRecords is a batch of the name and of more below it. Its events are larger than a file
// of the stream, so that they make the stream begin a new one.
func manyRecords(zone, name string) string {
	const record = `{"method":"POST","path":"/dns/records","body":{"host":%q,"record_type":%q,"ttl":"600","value":%q,"view_name":"office","zone_id":%s}}`
	operations := []string{fmt.Sprintf(record, name, "A", "192.0.2.2", zone)}
	value := strings.TrimSpace(strings.Repeat(`"`+strings.Repeat("x", 200)+`" `, 3))
	for i := range 9_000 {
		operations = append(operations, fmt.Sprintf(record, fmt.Sprintf("t%d.%s", i, name), "TXT", value, zone))
	}
	return `{"operations":[` + strings.Join(operations, ",") + `]}`
}

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
		// large makes the stream begin a new file.
		large bool
		// deaf: nobody can connect and ask.
		deaf bool
	}{
		"no room in its files": {unix.RLIMIT_FSIZE, 0, false, false},
		"no more files":        {unix.RLIMIT_NOFILE, 3, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := deployment.StartSite(t)
			s := site.Serve
			s.Login()
			zone := s.MakeLiveZone("example.com", "192.0.2.1")
			interrupted := s.Said.Printed("publishing is interrupted")
			release := s.Limit(c.resource, c.most)
			position := deployment.Position(t, s.Post("/dns/records", deployment.RecordBody("during", "192.0.2.2", zone)))
			for n := 0; c.large && n < 3; n++ {
				position = deployment.Position(t, s.Post("/v1/batch", manyRecords(zone, n)))
			}
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

// awaitReply waits until a question is answered so.
func awaitReply(t *testing.T, s *deployment.Server, target string, status int, text string) {
	t.Helper()
	testkit.Eventually(t, target+" says "+text, func() bool {
		reply, body, err := s.Ask(http.MethodGet, target, "", "")
		return err == nil && reply.StatusCode == status && strings.Contains(body, text)
	})
}

// manyRecords is a batch of some megabytes of events.
func manyRecords(zone string, n int) string {
	var operations []string
	for i := range 5000 {
		operations = append(operations, fmt.Sprintf(`{"method":"POST","path":"/dns/records","body":{"host":"t%d-%d","record_type":"TXT","ttl":"600",`+
			`"value":%q,"view_name":"office","zone_id":%s}}`, n, i, strings.Repeat("x", 250), zone))
	}
	return `{"operations":[` + strings.Join(operations, ",") + `]}`
}

package system

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// Without Postgres every write and every read says 503 and why, at once; what
// named serves stays. When Postgres is back everything goes on by itself.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	pg := deployment.StartPostgres(t)
	s := deployment.StartDev(t, t.TempDir(), "--database-url", pg.URL())
	zone := s.MakeLiveZone("example.com", "192.0.2.1")
	for round := range 2 {
		host := fmt.Sprint("host", round)
		pg.Stop()
		soon := s.Within(20 * time.Second) // a request that hung would run into this, before the server's own limit
		for _, request := range [][3]string{
			{http.MethodPost, "/dns/records", deployment.RecordBody(host, "192.0.2.2", zone)},
			{http.MethodDelete, "/dns/zones/" + zone, ""},
			{http.MethodGet, "/dns/records", ""}, {http.MethodGet, "/dns/zones/" + zone, ""}, {http.MethodGet, "/dns/oplogs", ""},
			{http.MethodGet, "/dns/bind_conf", ""},
			{http.MethodPost, "/auth/login_local", `{"username":"admin","password":"` + deployment.Password + `"}`},
			{http.MethodPost, "/dns/records", deployment.RecordBody(host, "192.0.2.2", zone)},
		} {
			reply, body := soon.Call(request[0], request[1], request[2])
			if reply.StatusCode != http.StatusServiceUnavailable || reply.Header.Get("Retry-After") == "" ||
				!strings.Contains(body, "数据库暂时不可用") {
				t.Errorf("%s %s: status %d: %s", request[0], request[1], reply.StatusCode, body)
			}
		}
		// What was found just before the loss holds for a moment.
		testkit.Eventually(t, "readyz says it", func() bool {
			reply, body := soon.Call(http.MethodGet, "/readyz", "")
			return reply.StatusCode == http.StatusServiceUnavailable && strings.Contains(body, "PostgreSQL")
		})
		s.WantAnswer("www.example.com.", "A", "192.0.2.1")

		pg.Start()
		var taken *http.Response
		testkit.Eventually(t, "a write is taken again", func() bool {
			reply, body := s.Call(http.MethodPost, "/dns/records", deployment.RecordBody(host, "192.0.2.2", zone))
			if reply.StatusCode != http.StatusOK && reply.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("status %d: %s", reply.StatusCode, body)
			}
			taken = reply
			return reply.StatusCode == http.StatusOK
		})
		s.Live(taken)
		s.WantAnswer(host+".example.com.", "A", "192.0.2.2")
		s.WantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"total":%d`, round+2), host)
		testkit.Eventually(t, "it is ready again", func() bool {
			reply, _ := s.Call(http.MethodGet, "/readyz", "")
			return reply.StatusCode == http.StatusOK
		})
	}
	deployment.OpenLog(t, pg.URL()).SameAsReplay()
}

package system

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A serve whose runners lead freezes; the other's act beside it. When it goes on,
// it does so from where the tables are, not from where it was.
func TestLeadingServeFrozen(t *testing.T) {
	t.Parallel()
	bus := deployment.StartBus(t)
	url, keys := testkit.PostgresURL(t), filepath.Join(t.TempDir(), "vault.key")
	var both [2]*deployment.Server
	for i, name := range []string{"leader", "standby"} {
		both[i] = deployment.StartServe(t, name, "--database-url", url, "--nats-url", bus.URL(), "--key-file", keys) // the first takes the lead
	}
	leader, standby := both[0], both[1]
	view := leader.Created(leader.Post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := standby.Created(standby.Post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	records := 0
	add := func(s *deployment.Server, n int) {
		for range n {
			records++
			s.Post("/dns/records", deployment.RecordBody(fmt.Sprint("host", records), "192.0.2.1", zone))
		}
	}
	add(leader, 5)
	add(standby, 5)
	leader.Freeze()
	add(standby, 20)
	testkit.Eventually(t, "the other runner acts", func() bool {
		_, body := standby.Call(http.MethodGet, "/dns/records?zone_id="+zone, "")
		return strings.Contains(body, fmt.Sprintf(`"total":%d`, records))
	})
	leader.Thaw()
	add(standby, 5)
	add(leader, 5)
	for _, s := range both {
		s.WantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"total":%d`, records))
		if reply, body := s.Call(http.MethodGet, "/readyz", ""); reply.StatusCode != http.StatusOK {
			t.Errorf("readyz: %d %s", reply.StatusCode, body)
		}
	}
	deployment.OpenLog(t, url).SameAsReplay()
}

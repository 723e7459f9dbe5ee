package system

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// Two serve processes have one Postgres and one NATS in common, so two relays
// and two runners of each context are at work; one goes in the middle. Nothing
// is published, projected or lost twice.
func TestTwoServesShareEverything(t *testing.T) {
	t.Parallel()
	bus := deployment.StartBus(t)
	url, keys := testkit.PostgresURL(t), filepath.Join(t.TempDir(), "vault.key")
	var both [2]*deployment.Server
	for i, name := range []string{"first", "second"} {
		both[i] = deployment.StartServe(t, name, "--database-url", url, "--nats-url", bus.URL(), "--key-file", keys)
	}
	a, b := both[0], both[1]
	view := a.Created(a.Post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := b.Created(b.Post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	const writers, each = 6, 25
	fill := func(servers []*deployment.Server, part string) {
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					s := servers[(w+i)%len(servers)]
					record := deployment.RecordBody(fmt.Sprintf("%s-%d-%d", part, w, i), "192.0.2.1", zone)
					reply, body := s.Call(http.MethodPost, "/dns/records", record)
					if reply.StatusCode != http.StatusOK {
						t.Errorf("status %d: %s", reply.StatusCode, body)
						return
					}
					s.Shown(reply)
				}
			})
		}
		wg.Wait()
	}
	fill(both[:], "two")
	a.Stop()
	fill(both[1:], "one")
	b.WantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"total":%d`, 2*writers*each))
	log := b.OpenLog()
	log.SameAsReplay()
	bus.Events().WantAll(log)
}

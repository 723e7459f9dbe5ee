package system

import (
	"fmt"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A deleted zone is served again as it was, with a later serial, by one event, whatever the number
// of its records: the read models take them back from the past, name servers take a snapshot.
func TestDeletedZoneIsServedAgain(t *testing.T) {
	t.Parallel()
	s := deployment.StartSite(t)
	s.Serve.Login()
	s.Serve.Post("/dns/views", `{"name":"all","acl":"any"}`)
	zone := s.Serve.Created(s.Serve.Post("/dns/zones", `{"name":"large.test","zone_type":"master","view_ids":[1]}`))
	n := stagedRecords(t)
	last, value := fmt.Sprintf("h%d.large.test.", n-1), fmt.Sprintf("10.%d.%d.%d", (n-1)>>16, (n-1)>>8&255, (n-1)&255)
	imported := importEnds(t, s, startImport(t, s, zone, "mode=merge", largeZone(n, 60)))
	s.Serve.Within(10 * testkit.Patience).LiveAt(imported.Position)
	s.Serve.Live(s.Serve.Post("/dns/records", fmt.Sprintf(`{"zone_id":%s,"view_name":"all","host":"www","value":"192.0.2.1"}`, zone)))

	patient := s.Serve.Within(10 * testkit.Patience)
	deleted := patient.Delete("/dns/zones/" + zone)
	patient.Live(deleted)
	s.DNS.WantNoAnswer(last, "A")
	began := time.Now()
	reverted := patient.Post("/v1/reverts", fmt.Sprintf(`{"positions":[%s]}`, deleted.Header.Get("Opsledger-Position")))
	replied := time.Since(began)
	patient.Live(reverted)
	t.Logf("%d records: replied after %v, served after %v", n, replied, time.Since(began))
	s.DNS.WantAnswer(last, "A", value)
	s.DNS.WantAnswer("www.large.test.", "A", "192.0.2.1")
	s.DNS.WantSerial("large.test.", reverted.Header.Get("Opsledger-Position"))
	s.Serve.OpenLog().SameAsReplay()
}

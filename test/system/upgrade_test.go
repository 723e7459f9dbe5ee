package system

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// Two serve and a name server are upgraded one after the other, as docs/operations.md says, under
// writes. In between the newer serve appends an event that the older serve, whose runners lead, and
// the older agent do not know: it is lost on nobody.
func TestUpgradeUnderLoad(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	older := testkit.OlderProgram(t)
	first, second := f.serve("first"), f.serve("second")
	for _, s := range []*deployment.Server{first, second} {
		s.Program = older
		s.Start() // the first takes the lead
		s.Login()
	}
	named, _ := f.nameServer(1)
	named.Program = older
	named.Start()
	var views [2]string
	for i, name := range []string{"office", "other"} {
		views[i] = first.Created(first.Post("/dns/views", fmt.Sprintf(`{"name":%q,"acl":"any"}`, name)))
	}
	zone := first.Created(first.Post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, views[0])))
	first.PostLive("/dns/records", deployment.RecordBody("before", "192.0.2.1", zone))
	load := startLoad(t, zone, 4, first, second)
	load.more(20)

	second.Stop()
	second.Program = ""
	second.Start()
	load.more(20)
	standsStill, snapshot := first.Said.Printed("stands still before an event"), named.Said.Printed("asking for a snapshot")
	second.Put("/v1/views/order", fmt.Sprintf(`{"view_ids":[%s,%s]}`, views[0], views[1]))
	second.PostLive("/dns/records", deployment.RecordBody("between", "192.0.2.1", zone)) // which the older ones have, too
	testkit.Await(t, "the older serve says what it does not know", standsStill)
	testkit.Await(t, "the older agent takes a snapshot in its place", snapshot)
	load.more(20)

	first.Stop()
	first.Program = ""
	first.Start()
	load.more(20)
	named.Stop()
	named.Program = ""
	named.Start()
	load.more(20)
	hosts := load.end()
	first.PostLive("/dns/records", deployment.RecordBody("after", "192.0.2.1", zone))
	for _, s := range []*deployment.Server{first, second} {
		s.WantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"total":%d`, len(hosts)+3))
	}
	for _, host := range append(hosts, "before", "between", "after") {
		named.WantAnswer(host+".example.com.", "A", "192.0.2.1")
	}
	deployment.OpenLog(t, f.url).SameAsReplay()
}

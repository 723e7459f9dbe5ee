package system

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// The first path of README: POST a record, see it listed, logged and answered
// by named, then the same data after a restart.
func TestWalkFromPostToDig(t *testing.T) {
	t.Parallel()
	s := deployment.StartDev(t, t.TempDir())
	_, zone := s.MakeZone("example.com")
	position := deployment.Position(t, s.Post("/dns/records", deployment.RecordBody("www", "192.0.2.1", zone)))

	s.LiveAt(position)
	s.WantAnswer("www.example.com.", "A", "192.0.2.1")
	s.WantSerial("example.com.", strconv.FormatInt(position, 10))
	s.WantBody("/dns/records?zone_id="+zone, `"total":1`, `"host":"www"`, `"ttl":"600"`, `"view_name":"office"`)
	s.WantBody("/dns/oplogs?target_type=Record", `"operation_type":"添加"`, `"operator":"admin"`, `"target_name":"www"`)

	s.Stop()
	s.Start()
	s.LiveAt(position)
	s.WantAnswer("www.example.com.", "A", "192.0.2.1")
	s.PostLive("/dns/records", deployment.RecordBody("mail", "192.0.2.2", zone))
	s.WantAnswer("mail.example.com.", "A", "192.0.2.2")
	s.WantAnswer("www.example.com.", "A", "192.0.2.1")
}

// A change of any kind is live without the test doing more than asking; and one
// thing done wrong on purpose is refused, the field named, nothing appended.
func TestEveryKindOfChangeGoesLive(t *testing.T) {
	t.Parallel()
	s := deployment.StartDev(t, t.TempDir())
	view, zone := s.MakeZone("example.com")
	record := s.Created(s.Post("/dns/records", deployment.RecordBody("www", "192.0.2.1", zone)))

	before := s.Head()
	reply, body := s.Call(http.MethodPost, "/dns/records", deployment.RecordBody("www", "192.0.2.300", zone))
	if reply.StatusCode != http.StatusBadRequest || !strings.Contains(body, "value") {
		t.Fatalf("status %d, body %s", reply.StatusCode, body)
	}
	if after := s.Head(); after != before {
		t.Fatalf("the log grew from %d to %d", before, after)
	}

	s.Live(s.Put("/dns/records/"+record, deployment.RecordBody("www", "192.0.2.9", zone)))
	s.WantAnswer("www.example.com.", "A", "192.0.2.9")

	s.Live(s.Put("/dns/views/"+view, `{"name":"renamed","acl":"127.0.0.0/8"}`))
	s.WantAnswer("www.example.com.", "A", "192.0.2.9")

	s.Live(s.Put("/dns/zones/"+zone, fmt.Sprintf(`{"name":"example.net","zone_type":"master","view_ids":[%s]}`, view)))
	s.WantAnswer("www.example.net.", "A", "192.0.2.9")
	s.WantNoAnswer("www.example.com.", "A")

	s.Live(s.Delete("/dns/records/" + record))
	s.WantNoAnswer("www.example.net.", "A")

	s.PostLive("/dns/bind_conf", `{"bind_conf":"options {\n  recursion no;\n  version \"none of your business\";\n};\n"}`)
	s.WantChaos("version.bind.", "none of your business")

	s.Live(s.Delete("/dns/zones/" + zone))
	s.Live(s.Delete("/dns/views/" + view))
}

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// The first path of README: POST a record, see it listed, logged and answered
// by named, then the same data after a restart.
func TestWalkFromPostToDig(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startDev(t, data)

	view := s.created(s.post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := s.created(s.post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	reply := s.post("/dns/records", recordBody("www", "192.0.2.1", zone))
	position := reply.Header.Get("Opsledger-Position")

	s.live(position)
	s.wantAnswer("www.example.com.", "A", "192.0.2.1")
	s.wantSerial("example.com.", position)
	s.wantBody("/dns/records?zone_id="+zone, `"total":1`, `"host":"www"`, `"ttl":"600"`, `"view_name":"office"`)
	s.wantBody("/dns/oplogs?target_type=Record", `"operation_type":"添加"`, `"operator":"admin"`, `"target_name":"www"`)

	s.stop()
	s = startDev(t, data)
	s.live(position)
	s.wantAnswer("www.example.com.", "A", "192.0.2.1")
	again := s.post("/dns/records", recordBody("mail", "192.0.2.2", zone))
	s.live(again.Header.Get("Opsledger-Position"))
	s.wantAnswer("mail.example.com.", "A", "192.0.2.2")
	s.wantAnswer("www.example.com.", "A", "192.0.2.1")
}

// One thing done wrong on purpose: refused, the field named, nothing appended.
func TestBadInputAppendsNothing(t *testing.T) {
	t.Parallel()
	s := startDev(t, t.TempDir())
	view := s.created(s.post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := s.created(s.post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	before := s.head()
	status, body := s.call(http.MethodPost, "/dns/records", recordBody("www", "192.0.2.300", zone))
	if status.StatusCode != http.StatusBadRequest || !strings.Contains(body, "value") {
		t.Fatalf("status %d, body %s", status.StatusCode, body)
	}
	if after := s.head(); after != before {
		t.Fatalf("the log grew from %d to %d", before, after)
	}
}

// A change of any kind is live without the test doing more than asking.
func TestEveryKindOfChangeGoesLive(t *testing.T) {
	t.Parallel()
	s := startDev(t, t.TempDir())
	view := s.created(s.post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := s.created(s.post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	record := s.created(s.post("/dns/records", recordBody("www", "192.0.2.1", zone)))

	s.live(s.put("/dns/records/"+record, recordBody("www", "192.0.2.9", zone)).Header.Get("Opsledger-Position"))
	s.wantAnswer("www.example.com.", "A", "192.0.2.9")

	s.live(s.put("/dns/views/"+view, `{"name":"renamed","acl":"127.0.0.0/8"}`).Header.Get("Opsledger-Position"))
	s.wantAnswer("www.example.com.", "A", "192.0.2.9")

	s.live(s.put("/dns/zones/"+zone, fmt.Sprintf(`{"name":"example.net","zone_type":"master","view_ids":[%s]}`, view)).Header.Get("Opsledger-Position"))
	s.wantAnswer("www.example.net.", "A", "192.0.2.9")
	s.wantNoAnswer("www.example.com.", "A")

	s.live(s.delete("/dns/records/" + record).Header.Get("Opsledger-Position"))
	s.wantNoAnswer("www.example.net.", "A")

	conf := `{"bind_conf":"options {\n  recursion no;\n  version \"none of your business\";\n};\n"}`
	s.live(s.post("/dns/bind_conf", conf).Header.Get("Opsledger-Position"))
	s.wantChaos("version.bind.", "none of your business")

	s.live(s.delete("/dns/zones/" + zone).Header.Get("Opsledger-Position"))
	s.live(s.delete("/dns/views/" + view).Header.Get("Opsledger-Position"))
}

// Rebuilding the read models while they serve changes nothing that a client sees.
func TestRebuildWhileServing(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startDev(t, data)
	view := s.created(s.post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := s.created(s.post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	s.post("/dns/records", recordBody("www", "192.0.2.1", zone))
	_, before := s.call(http.MethodGet, "/dns/oplogs?pageSize=100", "")

	var out strings.Builder
	if err := run(context.Background(), []string{"opsledger", "rebuild", "--data", data}, &out, &out); err != nil {
		t.Fatalf("rebuild: %v\n%s", err, out.String())
	}
	_, after := s.call(http.MethodGet, "/dns/oplogs?pageSize=100", "")
	if before != after {
		t.Fatalf("before %s\nafter %s", before, after)
	}
	s.post("/dns/records", recordBody("mail", "192.0.2.2", zone))
	s.wantBody("/dns/records?zone_id="+zone, `"total":2`)
}

func recordBody(host, value, zone string) string {
	return fmt.Sprintf(`{"host":%q,"record_type":"A","ttl":"600","value":%q,"view_name":"office","comment":"walk","zone_id":%s}`, host, value, zone)
}

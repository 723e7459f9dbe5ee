package system

import (
	"net/http"
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// Rebuilding the read models while they serve changes nothing that a client sees.
func TestRebuildWhileServing(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve", "--nats-listen", "127.0.0.1:0")
	_, zone := s.MakeZone("example.com")
	s.Post("/dns/records", deployment.RecordBody("www", "192.0.2.1", zone))
	_, before := s.Call(http.MethodGet, "/dns/oplogs?pageSize=100", "")

	deployment.Command(t, "rebuild", "--data", s.Data)
	_, after := s.Call(http.MethodGet, "/dns/oplogs?pageSize=100", "")
	if before != after {
		t.Fatalf("before %s\nafter %s", before, after)
	}
	s.Post("/dns/records", deployment.RecordBody("mail", "192.0.2.2", zone))
	s.WantBody("/dns/records?zone_id="+zone, `"total":2`)
}

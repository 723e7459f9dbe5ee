package rest

import (
	"strings"
	"testing"
)

// A batch names each operation that is about a zone outside of the credential's bounds, and
// says nothing of that zone.
func TestBatchNamesOperationsOutside(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	token := as(s.credential(m{"restrict": m{"zones": []string{"example.com"}}}))
	record := func(zone int, value string) m {
		return operation("POST", "/dns/records", m{"zone_id": zone, "view_name": "office", "host": "x", "value": value})
	}
	before := s.position()
	// The second zone has the last record already, and the first one would take the first.
	got := s.do("POST", pathBatch, operations(record(1, "192.0.2.1"), record(2, "192.0.2.1"), operation("DELETE", "/dns/records/5", nil), record(1, "192.0.2.300")), token)
	for _, part := range []string{`{"index":1,"status":403,`, `{"index":2,"status":403,`, `{"index":3,"status":400,`} {
		if got.status != 400 || !strings.Contains(got.body, part) {
			t.Errorf("%d %s, want %s", got.status, got.body, part)
		}
	}
	if strings.Contains(got.body, "example.org") || strings.Contains(got.body, `"index":0`) || s.position() != before {
		t.Errorf("%s", got.body)
	}
}

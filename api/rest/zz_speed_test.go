package rest

import (
	"testing"
	"time"
)

func TestZZSpeed(t *testing.T) {
	s := withZones(t)
	first := s.end()
	for i := range 10 {
		s.done("POST", "/v1/batch", manyRecords(100, 1, string(rune('a'+i))))
	}
	var p []int64
	for q := first + 1; q <= s.end(); q++ {
		p = append(p, q)
	}
	began := time.Now()
	s.done("POST", "/v1/reverts", m{"positions": p})
	t.Logf("%d events in 10 changes: %v", len(p), time.Since(began))
	p = nil
	for i := range 1000 {
		s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "s" + time.Now().Format("150405.000000"), "value": "192.0.2.1"})
		_ = i
		p = append(p, s.end())
	}
	began = time.Now()
	s.done("POST", "/v1/reverts", m{"positions": p})
	t.Logf("%d changes: %v", len(p), time.Since(began))
	last := s.end()
	began = time.Now()
	s.done("POST", "/v1/reverts", m{"from": last, "to": last, "zone_id": 1})
	t.Logf("its revert: %v", time.Since(began))
	began = time.Now()
	s.done("POST", "/v1/reverts", m{"as_of": first, "zone_id": 1})
	t.Logf("moment: %v", time.Since(began))
}

package rest

import (
	"net/http"
	"strings"
	"testing"
)

// A credential for some records sees and writes these, by every way to them.
func TestBoundsOverHTTP(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	token := with("Authorization", s.credential(m{"view": "office", "restrict": m{
		"zones": []string{"example.com"}, "names": []string{"_acme-challenge.**"}, "types": []string{"txt"},
	}}))
	if got := s.do("GET", "/dns/zones", nil, token).body; !strings.Contains(got, `"total":1,`) || !strings.Contains(got, `"name":"example.com"`) {
		t.Errorf("zones: %s", got)
	}
	if got := s.do("GET", "/dns/records?zone_id=1", nil, token).body; !strings.Contains(got, `"total":1,`) ||
		!strings.Contains(got, `"view_name":"office"`) || strings.Contains(got, `"host":"www"`) {
		t.Errorf("records: %s", got)
	}
	for _, path := range []string{"/dns/zones/2", "/dns/records/1", "/dns/records/4", "/dns/records/6", "/dns/views/1", "/dns/oplogs", "/v1/changes/1"} {
		if got := s.do("GET", path, nil, token); got.status != 403 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := s.do("GET", "/dns/records/2", nil, token); got.status != 200 {
		t.Errorf("its record: %d %s", got.status, got.body)
	}
	record := func(zone int, view, host, recordType string) m {
		return m{"zone_id": zone, "view_name": view, "host": host, "record_type": recordType, "value": "192.0.2.1"}
	}
	for name, body := range map[string]m{
		"zone": record(2, "office", "_acme-challenge", "TXT"), "view": record(1, "world", "_acme-challenge", "TXT"),
		"name": record(1, "office", "www", "TXT"), "type": record(1, "office", "_acme-challenge", "A"),
	} {
		for _, ask := range []func() reply{
			func() reply { return s.do("POST", "/dns/records", body, token) },
			func() reply {
				return s.do("POST", pathBatch, operations(operation("POST", "/dns/records", body)), token)
			},
			func() reply {
				body := changed(body, "view_names", []any{body["view_name"]})
				delete(body, "view_name")
				return s.do("POST", "/v1/records", body, token)
			},
		} {
			before := s.position()
			if got := ask(); got.status == 200 || s.position() != before || !strings.Contains(got.body, "凭据") && !strings.Contains(got.body, "credential") {
				t.Errorf("another %s: %d %s", name, got.status, got.body)
			}
		}
	}
	made := s.do("POST", "/dns/records", record(1, "office", "_acme-challenge", "TXT"), token)
	if made.status != 200 {
		t.Fatalf("%d %s", made.status, made.body)
	}
	path := made.header.Get("Location")
	if got := s.do("PUT", path, record(1, "office", "www", "TXT"), token); got.status != 403 {
		t.Errorf("out of the bounds: %d %s", got.status, got.body)
	}
	if got := s.do("DELETE", path, nil, token); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// Zone files keep to the bounds, too: whole ones are for who may see all of a zone.
func TestBoundsOfZoneFiles(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	dry := with("Opsledger-Dry-Run", "true")
	const export, load = "/v1/zones/1/export?view=office", "/v1/zones/1/import?view=office&mode=merge"
	tokens := map[string]m{
		"zone": {"zones": []string{"example.com"}}, "other zone": {"zones": []string{"example.org"}},
		"types": {"types": []string{"TXT"}}, "reader": {"read_only": true},
	}
	for name, restrict := range tokens {
		token := with("Authorization", s.credential(m{"restrict": restrict}))
		want := map[string][3]int{
			"zone": {200, 200, 200}, "other zone": {403, 403, 403}, "types": {403, 403, 403}, "reader": {200, 200, 403},
		}[name]
		text := "new-" + name[:1] + " 60 A 192.0.2.1\n"
		got := [3]int{
			s.do("GET", export, nil, token).status, s.do("POST", load, text, token, dry).status, s.do("POST", load, text, token).status,
		}
		if got != want {
			t.Errorf("%s: export, dry run and import reply %v, want %v", name, got, want)
		}
	}
	other := with("Authorization", s.credential(m{"view": "world"}))
	for _, got := range []reply{s.do("GET", export, nil, other), s.do("POST", load, "x 60 A 192.0.2.1\n", other)} {
		if got.status != http.StatusForbidden {
			t.Errorf("another view: %d %s", got.status, got.body)
		}
	}
	// What is there already would change nothing, and its being there is not told.
	texts := with("Authorization", s.credential(m{"restrict": m{"names": []string{"_acme-challenge.**"}}}))
	for _, host := range []string{"www", "nothing"} {
		if got := s.do("POST", load, host+" 600 TXT x\n", texts); got.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", host, got.status, got.body)
		}
	}
	if got := s.do("POST", strings.ReplaceAll(load, "merge", "replace"), "_acme-challenge 600 TXT y\n", texts); got.status != http.StatusForbidden {
		t.Errorf("to remove what is hidden: %d %s", got.status, got.body)
	}
	all := with("Authorization", s.credential(m{"restrict": m{"names": []string{"*", "**"}}}))
	if got := s.do("GET", export, nil, all); got.status != http.StatusForbidden {
		t.Errorf("a whole zone for names alone: %d %s", got.status, got.body)
	}
	if got := s.do("POST", load, "_acme-challenge 600 TXT y\n", texts); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// Of a record outside of its bounds a credential learns nothing by trying to change it.
func TestBoundsTellNothingOfRecords(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	for name, restrict := range map[string]m{"types": {"restrict": m{"types": []string{"A"}}}, "view": {"view": "world"}} {
		token := with("Authorization", s.credential(restrict))
		same := m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "x"}
		for what, got := range map[string]reply{
			"as it is": s.do("PUT", "/dns/records/1", same, token),
			"bad":      s.do("PUT", "/dns/records/1", changed(same, "record_type", "AAAA"), token),
			"version":  s.do("PUT", "/dns/records/1", same, token, with("If-Match", `"1"`)),
			"deletion": s.do("DELETE", "/dns/records/1", nil, token, with("If-Match", `"1"`)),
		} {
			if got.status != 403 {
				t.Errorf("%s, %s: %d %s", name, what, got.status, got.body)
			}
		}
	}
	reader := with("Authorization", s.credential(m{"restrict": m{"read_only": true}}))
	for _, path := range []string{"/dns/zones/1", "/dns/records/1"} {
		if got := s.do("GET", path, nil, reader).body; !strings.Contains(got, `"can_update":false,"can_delete":false`) {
			t.Errorf("%s: %s", path, got)
		}
	}
}

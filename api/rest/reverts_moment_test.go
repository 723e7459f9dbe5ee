package rest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// mayNow is what the caller may do to a resource, which follows from whether it is there now.
var mayNow = strings.NewReplacer(`"can_update":true,"can_delete":true`, `"can":null`, `"can_update":false,"can_delete":false`, `"can":null`)

// stateOf is all of a zone that can be brought back.
func (s *stack) stateOf(zone int, asOf string) string {
	s.t.Helper()
	text := ""
	for _, path := range []string{"/dns/zones/%d?x=1", "/v1/zones/%d/settings?x=1", "/dns/records?zone_id=%d&pageSize=1000"} {
		got := s.do("GET", strings.Replace(fmt.Sprintf(path, zone), "?x=1", "?", 1)+asOf, nil)
		text += fmt.Sprintf("%d %s\n", got.status, got.body)
	}
	return mayNow.Replace(text)
}

func TestRevertToAMoment(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	was, moment := s.stateOf(1, ""), s.end()
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "new", "record_type": "A", "value": "192.0.2.1"})
	s.ok("PUT", "/dns/records/1", m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "y"})
	s.ok("DELETE", "/dns/records/3", nil)
	s.ok("PUT", "/v1/zones/1/settings", m{"soa": m{"refresh": 7200}})
	s.ok("PUT", "/dns/zones/1", m{"name": "example.net", "zone_type": "master", "view_ids": []int{2}})
	s.ok("PUT", "/dns/records/4", m{"zone_id": 1, "view_name": "world", "host": "www", "record_type": "TXT", "value": "z"})
	changed, later := s.stateOf(1, ""), s.end()
	s.undo(m{"zone_id": 1, "as_of": moment})
	if is := s.stateOf(1, ""); is != was {
		t.Errorf("is\n%s\nwas\n%s", is, was)
	}
	if s.undo(at(s.end())); s.stateOf(1, "") != changed {
		t.Errorf("undone it is\n%s\nwas\n%s", s.stateOf(1, ""), changed)
	}
	if s.undo(at(s.end())); s.stateOf(1, "") != was {
		t.Errorf("done again it is\n%s\nwas\n%s", s.stateOf(1, ""), was)
	}
	if r := s.undo(m{"zone_id": 1, "as_of": fmt.Sprint(moment)}); len(r.Undone) != 0 {
		t.Errorf("%v was undone, and nothing was to be", r.Undone)
	}
	s.undo(m{"zone_id": 1, "as_of": later})
	if is := s.stateOf(1, ""); is != changed {
		t.Errorf("is\n%s\nwas\n%s", is, changed)
	}
	s.ok("DELETE", "/dns/zones/1", nil)
	s.undo(m{"zone_id": 1, "as_of": moment})
	if is := s.stateOf(1, ""); is != was {
		t.Errorf("is\n%s\nwas\n%s", is, was)
	}
	s.undo(at(s.end()))
	if got := s.do("GET", "/dns/zones/1", nil); got.status != 404 {
		t.Errorf("gone again: %d %s", got.status, got.body)
	}
	for body, status := range map[string]int{
		`{"zone_id": 1, "as_of": 1}`: 400, `{"zone_id": 99, "as_of": 1}`: 404, `{"zone_id": 1, "as_of": 100000}`: 400,
		`{"zone_id": 1}`: 400, `{"positions": []}`: 400, `{"positions": [0]}`: 400, `{"positions": [100000]}`: 404,
		`{"from": 9, "to": 8, "zone_id": 1}`: 400, `{"from": 1, "to": 100000, "zone_id": 1}`: 400, `{"from": 1, "to": 2, "zone_id": 99}`: 404,
	} {
		if got := s.do("POST", "/v1/reverts", body); got.status != status {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
}

// A zone that comes back under another name keeps the serial that was asked for.
func TestRevertOfADeletedZoneKeepsItsSerial(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	moment := s.end()
	s.ok("PUT", "/dns/zones/1", m{"name": "example.net", "zone_type": "master", "view_ids": []int{1, 2}})
	s.ok("PUT", "/v1/zones/1/settings", m{"serial_at_least": 4000})
	s.ok("DELETE", "/dns/zones/1", nil)
	deleted := s.end()
	s.undo(m{"zone_id": 1, "as_of": moment})
	if raised := s.end() - deleted; raised < 2 {
		t.Errorf("%d events, want one that raises the serial", raised)
	}
	s.undo(at(s.end()))
}

// A rule that stands against a moment is said, whatever stands behind it.
func TestRevertToAMomentThatARuleForbids(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	moment := s.end()
	s.ok("PUT", "/dns/records/1", m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "y"})
	s.ok("DELETE", "/dns/zones/1", nil)
	s.ok("POST", "/dns/zones", m{"name": "example.com", "zone_type": "master", "view_ids": []int{1}})
	r, got := s.revert(m{"zone_id": 1, "as_of": moment})
	if got.status != 409 || !strings.HasPrefix(r.conflicts(), "zone:1 refused at ") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// A narrow credential learns nothing of what stands against a moment outside of its bounds.
func TestRevertToAMomentOutOfBounds(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	program := s.credential(m{"restrict": m{"zones": []string{"example.com"}, "names": []string{"_acme-challenge.**"}}})
	moment := s.end()
	s.ok("DELETE", "/dns/zones/1", nil)
	s.ok("POST", "/dns/zones", m{"name": "example.com", "zone_type": "master", "view_ids": []int{1}})
	if got := s.do("POST", "/v1/reverts", m{"zone_id": 1, "as_of": moment}, with("Authorization", program)); got.status != 403 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestRevertedStateIsThatOfThen: whatever happened, a zone that was brought to a position is what it
// was there.
func TestRevertedStateIsThatOfThen(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s, random := withZones(t), rand.New(rand.NewPCG(seed, 1))
			done, refused, deletion := 0, 0, int64(0)
			first := s.end()
			for range 12 {
				for range 5 {
					deletion = s.somethingHappens(random, deletion)
				}
				p := first + random.Int64N(s.end()-first+1)
				want := s.stateOf(1, fmt.Sprintf("&as_of=%d", p))
				r, got := s.revert(m{"zone_id": 1, "as_of": p})
				switch {
				case got.status == 200:
					done++
					if deletion = 0; s.stateOf(1, "") != want {
						t.Fatalf("at %d\n%s\nwas\n%s", p, s.stateOf(1, ""), want)
					}
				case got.status == 409 && strings.HasPrefix(r.conflicts(), "zone:1 changed at "), got.status == 400 && strings.HasPrefix(want, "404 "):
					refused++
				default:
					t.Fatalf("to %d: %d %s\n%s", p, got.status, got.body, want)
				}
			}
			if t.Logf("%d done, %d refused", done, refused); done < 3 {
				t.Errorf("only %d were done, %d refused", done, refused)
			}
		})
	}
}

// somethingHappens changes zone 1, or brings it back from its deletion, if that position is not 0.
func (s *stack) somethingHappens(random *rand.Rand, deletion int64) int64 {
	s.t.Helper()
	view := []string{"office", "world"}[random.IntN(2)]
	record := m{"zone_id": 1, "view_name": view, "host": fmt.Sprintf("h%d", random.IntN(3)), "record_type": "TXT", "value": fmt.Sprint(random.IntN(9))}
	method, path, body := "POST", "/dns/records", record
	switch id := 1 + random.IntN(20); random.IntN(12) {
	case 0, 1, 2:
		method, path = "PUT", fmt.Sprintf("/dns/records/%d", id)
	case 3, 4:
		method, path, body = "DELETE", fmt.Sprintf("/dns/records/%d", id), nil
	case 5:
		method, path, body = "PUT", "/v1/zones/1/settings", m{"soa": m{"refresh": 3600 + random.IntN(9)}}
	case 6:
		views := [][]int{{1, 2}, {1, 2}, {1}, {2}}[random.IntN(4)]
		method, path, body = "PUT", "/dns/zones/1", m{"name": "example.com", "zone_type": "master", "view_ids": views}
	case 7:
		path, body = "/v1/batch", operations(operation("POST", "/dns/records", record), operation("DELETE", fmt.Sprintf("/dns/records/%d", id), nil))
	case 8:
		method, path, body = "DELETE", "/dns/zones/1", nil
	}
	if deletion != 0 && random.IntN(2) == 0 {
		method, path, body = "POST", "/v1/reverts", at(deletion)
	}
	got := s.do(method, path, body)
	switch {
	case got.status >= 500:
		s.t.Fatalf("%s %s %v: %d %s", method, path, body, got.status, got.body)
	case got.status != 200:
		return deletion
	case method == "DELETE" && path == "/dns/zones/1":
		return s.end()
	case path == "/v1/reverts":
		return 0
	}
	return deletion
}

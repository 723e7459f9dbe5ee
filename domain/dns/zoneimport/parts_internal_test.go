package zoneimport

import (
	"reflect"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// filled is a record with something in each of its fields, of which no two are the same.
func filled(t *testing.T, from int) (d dns.RecordData) {
	t.Helper()
	v := reflect.ValueOf(&d).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Int64:
			f.SetInt(int64(from + i))
		case reflect.Uint32:
			f.SetUint(uint64(from+i) << 20)
		case reflect.String:
			f.SetString(strings.Repeat("x", from+i))
		case reflect.Bool:
			f.SetBool(true)
		default:
			t.Fatalf("%s is of another kind", v.Type().Field(i).Name)
		}
	}
	return d
}

// Parts come out as they were put in, each once, and are shown before.
func TestParts(t *testing.T) {
	t.Parallel()
	parts := &Parts{zone: 3, view: 4}
	first := dns.RecordsStaged{
		Added:   []dns.StagedRecord{{Record: filled(t, 1)}, {Record: dns.RecordData{Host: "ä"}}},
		Changed: []dns.StagedChange{{ID: 1 << 40, Before: filled(t, 2), After: filled(t, 300)}},
		Removed: []dns.StagedRecord{{ID: 8, Record: filled(t, 3)}},
	}
	second := dns.RecordsStaged{Added: []dns.StagedRecord{{Record: filled(t, 9)}}}
	parts.add(first)
	parts.add(second)
	if shown := parts.Show(2); len(shown) != 1 || parts.Len() != 2 {
		t.Errorf("shown: %v, left: %d", shown, parts.Len())
	}
	ids := map[int64]bool{}
	for _, e := range parts.Show(100) {
		for _, r := range e.(dns.RecordsStaged).Added {
			ids[r.ID] = true
			if r.ID < domain.Undrawn {
				t.Errorf("%d is no id that stands for one that is not drawn", r.ID)
			}
		}
	}
	if len(ids) != 3 {
		t.Errorf("ids: %v", ids)
	}
	for i := range 2 {
		want := []dns.RecordsStaged{first, second}[i]
		want.Import, want.ZoneID, want.ViewID = 7, 3, 4
		if got := parts.Take(1, 7); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if parts.Len() != 0 || len(parts.Take(1, 7)) != 0 {
		t.Error("there are parts left")
	}
}

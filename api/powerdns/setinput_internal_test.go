package powerdns

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/identity"
)

// A change has so many records and RRsets at most, whatever says so, and no more is read.
func TestChangesAreBounded(t *testing.T) {
	t.Parallel()
	read := func(records int) (*setsInput, error) {
		var all []string
		for i := range records {
			all = append(all, fmt.Sprintf(`{"content":"10.0.%d.%d"}`, i/256, i%256))
		}
		in := newSetsInput("example.org", &identity.User{})
		raw := `{"name":"a.example.org.","type":"A","ttl":60,"records":[` + strings.Join(all, ",") + `]}`
		return in, in.readOne(json.RawMessage(raw), changeReplace)
	}
	if in, err := read(maxRecords); err != nil || in.records() != maxRecords {
		t.Errorf("%v, %d records", err, in.records())
	}
	if in, err := read(maxRecords + 1); err == nil || in.records() != 0 || !strings.Contains(err.Error(), "10000 records") {
		t.Errorf("more than there may be: %v", err)
	}
	in := newSetsInput("example.org", &identity.User{})
	for i := range maxSets {
		if err := in.add(zoneupdate.Set{Host: fmt.Sprint(i), Type: "A"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.add(zoneupdate.Set{Host: "more", Type: "A"}); err == nil || !strings.Contains(err.Error(), "9999 RRsets") {
		t.Errorf("one RRset more: %v", err)
	}
	if in.records() != maxSets {
		t.Errorf("%d RRsets that go are the work of %d", maxSets, in.records())
	}
	all := zoneupdate.NewSets(zoneupdate.Target{ZoneID: 1, Zone: "example.org"}, in.sets)
	if _, err := newChange(batch.Of(all.Opening(), nil), all, 1, new(bool)); err != nil {
		t.Error(err)
	}
}

// Words have the letters of ASCII, and no others that resemble them.
func TestUpper(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"replace": "REPLACE", "ſoa": "ſOA", "ıxfr": "ıXFR", "type65400": "TYPE65400"} {
		if got := upper(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

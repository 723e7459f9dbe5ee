package zonedata_test

import (
	"fmt"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// No owner is a directive.
func TestOwnerIsNoDirective(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ owner, rest, want string }{
		{"$INCLUDE.", "A 192.0.2.1", "\\$INCLUDE.\t5\tIN\tA\t192.0.2.1"},
		{"$a.", `TYPE65400 \# 1 00`, "\\$a.\t5\tCLASS1\tTYPE65400\t\\# 1 00"},
		{"$b.", "SOA m. h. 1 2 3 4 5", "\\$b.\t5\tIN\tSOA\tm. h. 1 2 3 4 5"},
		{"a$.", "A 192.0.2.1", "a$.\t5\tIN\tA\t192.0.2.1"},
	} {
		rr, err := mdns.NewRR("x. 5 " + c.rest)
		if err != nil {
			t.Fatal(err)
		}
		rr.Header().Name = c.owner // as names are that were read from a message
		if line, err := zonedata.Line(rr); err != nil || line != c.want {
			t.Errorf("%s %s is written %q, %v", c.owner, c.rest, line, err)
		}
	}
}

// However many records a zone has, those of one owner alone are held.
func TestTextHoldsOneOwner(t *testing.T) {
	t.Parallel()
	z := zonedata.Zone{Name: "a.test.", Fleet: dns.ResolveFleet(dns.FleetData{}, nil)}
	z.Generated = zonedata.Generate(z.Name, z.Fleet, 5, zonedata.Records{}.Lookup)
	lines := 0
	text, err := zonedata.NewText(z, func(string) error { lines++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		key, data, err := zonedata.Locate("a.test", dns.RecordData{Host: fmt.Sprintf("h%04d", i), Type: "A", Value: "192.0.2.1"})
		if err != nil {
			t.Fatal(err)
		}
		for id := range int64(2) {
			if err := text.Add(key, zonedata.Record{ID: id, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
		if lines < i+2 { // the SOA, the NS and those of all owners before
			t.Fatalf("%d lines after %d owners", lines, i)
		}
	}
	if err := text.End(); err != nil || lines != 1003 { // and the address of the NS
		t.Errorf("%d lines, %v", lines, err)
	}
}

package zonefile_test

import (
	"fmt"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// An RRset has each of its records once, wherever in the file they stand.
func TestSetOfFile(t *testing.T) {
	t.Parallel()
	text := "$TTL 5\nw A 192.0.2.3\nv A 192.0.2.9\nw A 192.0.2.1\nw TXT a\nw A 192.0.2.3\n@ A 192.0.2.8\nw 7 A 192.0.2.2\n"
	file, err := zonefile.Read(t.Context(), strings.NewReader(text), zone, 100)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[zonedata.Key]string{
		{Owner: "w", Type: mdns.TypeA}:   "7 [c0000201 c0000202 c0000203]",
		{Owner: "v", Type: mdns.TypeA}:   "5 [c0000209]",
		{Owner: "w", Type: mdns.TypeTXT}: "5 [0161]",
	} {
		if set := file.Set(key); set == nil || fmt.Sprintf("%d %x", set.TTL, set.Data) != want || file.LenOf(key) != len(set.Data) {
			t.Errorf("%v: %+v, want %s", key, set, want)
		}
	}
	if set := file.Set(zonedata.Key{Owner: "v", Type: mdns.TypeTXT}); set != nil {
		t.Errorf("%+v", set)
	}
}

// Of very many records each is found again, as it was written, and none is there twice.
func TestManyRecords(t *testing.T) {
	t.Parallel()
	const hosts, each = 4000, 3
	var text strings.Builder
	text.WriteString("$TTL 5\n")
	for range 2 { // the second time they are there already
		for i := range hosts {
			for j := range each {
				fmt.Fprintf(&text, "H%d A 192.0.2.%d\nh%d CAA 0 ISSUE \"%d\"\n", i, j, i, j)
			}
			fmt.Fprintf(&text, "h%d MX 1 Mail%d\n", i, i)
		}
	}
	file, err := zonefile.Read(t.Context(), strings.NewReader(text.String()), zone, hosts*(2*each+1))
	if err != nil {
		t.Fatal(err)
	}
	if file.Len() != hosts*(2*each+1) {
		t.Errorf("%d records", file.Len())
	}
	for i, r := range file.All() {
		if place, has := file.Has(r.Key(), r.Data); !has || place != i {
			t.Fatalf("%+v is at %d, %v, and not at %d", r, place, has, i)
		}
		if r.Owner != file.OwnerAt(i) || !strings.EqualFold(r.Owner, r.Host) || r.TTL != 5 || file.TTL(r.Key()) != 5 {
			t.Fatalf("%+v", r)
		}
		if mx := r.Type == mdns.TypeMX; mx != (r.Data != r.Written) || mx != strings.Contains(r.Written, "Mail") {
			t.Fatalf("%q was written %q", r.Data, r.Written)
		}
		if n := file.LenOf(r.Key()); r.Type == mdns.TypeMX && n != 1 || r.Type != mdns.TypeMX && n != each {
			t.Fatalf("%d records of %v", n, r.Key())
		}
		if r.Type == mdns.TypeA {
			if _, has := file.Has(r.Key(), "\xff\xff\xff\xff"); has {
				t.Fatalf("%v has what no line says", r.Key())
			}
		}
	}
}

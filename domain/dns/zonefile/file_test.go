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
		if set := file.Set(key); set == nil || fmt.Sprintf("%d %x", set.TTL, set.Data) != want || file.Len(key) != len(set.Data) {
			t.Errorf("%v: %+v, want %s", key, set, want)
		}
	}
	if set := file.Set(zonedata.Key{Owner: "v", Type: mdns.TypeTXT}); set != nil {
		t.Errorf("%+v", set)
	}
}

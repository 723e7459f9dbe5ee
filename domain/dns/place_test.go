package dns_test

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// The places of hosts sort as RFC 4034, section 6.1, sorts names, and a name has one place.
func TestPlace(t *testing.T) {
	t.Parallel()
	sorted := []string{
		"@", `\000`, `\001`, `\032x`, "*", "a", "yljkjljk.a", "Z.a", "zABC.a", "z", `\001.z`, "*.z", `a\.b.z`, "ab.z", `\200.z`, `\200\200.z`, `\255.z`, "zz",
	}
	var places []string
	for _, host := range sorted {
		if _, err := dns.ParseHost(host); err != nil {
			t.Fatal(err)
		}
		places = append(places, dns.Place(host))
	}
	for i := range places[1:] {
		if places[i] >= places[i+1] {
			t.Errorf("%q comes after %q", sorted[i], sorted[i+1])
		}
	}
	for _, same := range [][2]string{{"A.b", "a.B"}, {`\097`, "a"}, {`\ `, `\032`}, {`x\.y`, `x\046y`}} {
		if dns.Place(same[0]) != dns.Place(same[1]) {
			t.Errorf("%q and %q have two places", same[0], same[1])
		}
	}
	if !slices.IsSorted(places) {
		t.Error("not sorted")
	}
}

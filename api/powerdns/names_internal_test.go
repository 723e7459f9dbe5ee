package powerdns

import "testing"

// A zone's path names the zone, and what is no zone's name none.
func TestZoneNames(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"example.org.": "example.org", "Example.ORG": "example.org", "0=2F25.2.0.192.in-addr.arpa.": "0/25.2.0.192.in-addr.arpa",
		"0%2F25.2.0.192.in-addr.arpa": "0/25.2.0.192.in-addr.arpa", "_msdcs.example.org.": "_msdcs.example.org", "=5Fmsdcs.example.org.": "_msdcs.example.org",
		"": "", ".": "", "=2E": "", "=2": "", "=": "", "=ZZ.org.": "", "a b.org.": "", "%zz": "", "=00": "", "a..b.": "",
	} {
		if got := nameOf(id); got != want {
			t.Errorf("%q is the zone %q, want %q", id, got, want)
		}
		if want != "" && nameOf(idOf(want)) != want {
			t.Errorf("%q has the id %q", want, idOf(want))
		}
	}
	if got := urlOf("office", "0/25.2.0.192.in-addr.arpa"); got != "/api/v1/servers/office/zones/0=2F25.2.0.192.in-addr.arpa." {
		t.Error(got)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"a.example", "a.example", true}, {"a.example", "xa.example", false}, {"*.example", "a.b.example", true}, {"*.example", "example", false},
		{"a*b*c", "a-b-b-c", true}, {"a*b*c", "a-c-b", false}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"*", "", true}, {"**", "x", true}, {"?", "", false}, {"", "", true},
	} {
		if got := (sought{pattern: c.pattern}).matches(c.text); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.text, got)
		}
	}
}

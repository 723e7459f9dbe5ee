package zoneupdate_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
)

// A value with absolute names and quoted texts is shown as it was written, any other as what it means.
func TestContent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rrtype, value, want string }{
		{"A", "192.0.2.1", "192.0.2.1"},
		{"AAAA", "2001:DB8:0:0::1", "2001:DB8:0:0::1"},
		{"CNAME", "www", "www.example.org."},
		{"CNAME", "@", "example.org."},
		{"CNAME", "WWW.Example.ORG.", "WWW.Example.ORG."},
		{"MX", "10  mail", "10 mail.example.org."},
		{"MX", "10 mail.example.org.", "10 mail.example.org."},
		{"MX", "10   mail.example.org.", "10 mail.example.org."},
		{"SRV", "( 0 5 5060 sip.example.org. )", "0 5 5060 sip.example.org."},
		{"TXT", "plain; text", `"plain; text"`},
		{"TXT", "plain", `"plain"`},
		{"TXT", `"a" "b"`, `"a" "b"`},
		{"TXT", `"a"   "b"`, `"a" "b"`},
		{"TXT", `("a" "b")`, `"a" "b"`},
		{"TXT", `"a;b"`, `"a;b"`},
		{"CAA", `0 ISSUE "ca.example"`, `0 ISSUE "ca.example"`},
		{"HTTPS", "1 . alpn=h2,h3", "1 . alpn=h2,h3"},
		{"HTTPS", "1 svc alpn=h2", `1 svc.example.org. alpn=h2`},
		{"HTTPS", `1 . alpn="h2,h3"`, `1 . alpn="h2,h3"`},
		{"TYPE65400", `\# 2 0102`, `\# 2 0102`},
	} {
		got, err := zoneupdate.Content("example.org", dns.RecordData{ViewID: 1, Host: "x", Type: c.rrtype, TTL: 60, Value: c.value})
		if err != nil || got != c.want {
			t.Errorf("%s %s: %q, %v, want %q", c.rrtype, c.value, got, err, c.want)
		}
	}
	if got, err := zoneupdate.Content("example.org", dns.RecordData{Host: "x", Type: "TXT", Value: `( x )`, Literal: true}); err != nil || got != `"( x )"` {
		t.Errorf("a literal value: %q, %v", got, err)
	}
}

// A client's value has absolute names and quoted texts, or is refused with what it would be read as.
func TestParseContent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rrtype, value, expected string
		sound                   bool
	}{
		{"A", "192.0.2.1", "", true},
		{"A", "192.0.2.256", "", false},
		{"CNAME", "www.example.org.", "", true},
		{"CNAME", "www", "www.", true},
		{"CNAME", "@", ".", true},
		{"MX", "10 mail", "10 mail.", true},
		{"NS", "ns1.example.org", "ns1.example.org.", true},
		{"TXT", `"text"`, "", true},
		{"TXT", "text", "", false},
		{"TXT", `("text")`, "", false},
		{"TXT", `"text`, "", false},
		{"SPF", "text", "", false},
		{"TYPE65400", `\# 2 0102`, "", true},
		{"TYPE65400", "x", "", false},
	} {
		expected, err := zoneupdate.ParseContent(c.rrtype, c.value)
		if expected != c.expected || (err == nil) != c.sound {
			t.Errorf("%s %s: %q, %v", c.rrtype, c.value, expected, err)
		}
	}
}

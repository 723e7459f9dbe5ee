package dns_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// parseCase is a text and what a parser makes of it; bad texts have no want.
type parseCase struct{ in, want string }

func checkParser(t *testing.T, field string, parse func(string) (string, error), cases []parseCase) {
	t.Helper()
	for _, c := range cases {
		got, err := parse(c.in)
		var refusal *domain.Error
		switch {
		case c.want == "" && (!errors.As(err, &refusal) || refusal.Code != domain.CodeInvalid || refusal.Field != field):
			t.Errorf("%q: got %q, %v; want a refusal that names %s", c.in, got, err, field)
		case c.want != "" && (err != nil || got != c.want):
			t.Errorf("%q: got %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

var (
	label63 = strings.Repeat("a", 63)
	name253 = strings.Repeat(label63+".", 3) + strings.Repeat("b", 61)
)

func TestParseZoneName(t *testing.T) {
	t.Parallel()
	checkParser(t, "name", dns.ParseZoneName, []parseCase{
		{"example.com", "example.com"},
		{"Example.COM.", "Example.COM"},
		{"com", "com"},
		{"0.0.10.in-addr.arpa", "0.0.10.in-addr.arpa"},
		{"0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa"},
		{"192.0.2.1", "192.0.2.1"},
		{"_msdcs.corp_1.lan", "_msdcs.corp_1.lan"},
		{"中国.example", "xn--fiqs8s.example"},
		{"BÜCHER.example", "xn--bcher-kva.example"},
		{"xn--fiqs8s", "xn--fiqs8s"},
		{name253, name253},
		{name253 + ".", name253},
		{name253 + "c", ""},
		{label63 + "a.com", ""},
		{"", ""}, {".", ""}, {"..", ""}, {".com", ""}, {"a..b", ""}, {"a.com..", ""},
		{"-a.com", ""}, {"a-.com", ""}, {"a.-", ""},
		{"*.com", ""}, {"@", ""}, {"a b", ""}, {"a\tb", ""}, {"a\nb", ""}, {"a;b", ""}, {`a"b`, ""}, {`a\b`, ""},
		{"a{b", ""}, {"a\x00b", ""}, {"a\u202eb", ""}, {"a\xff", ""}, {"a,b", ""}, {"$INCLUDE", ""},
		{"a。b", ""}, {"ａ．ｂ", ""}, {"\u00ad", ""}, {"中 国", ""}, {strings.Repeat("中", 70) + ".cn", ""},
		{strings.Repeat("a", 10_000), ""},
	})
}

func TestParseHost(t *testing.T) {
	t.Parallel()
	checkParser(t, "host", dns.ParseHost, []parseCase{
		{"@", "@"}, {"*", "*"}, {"www", "www"}, {"a.b.c", "a.b.c"}, {"*.a", "*.a"}, {"_sip._tcp", "_sip._tcp"},
		{"0/25", "0/25"}, {"WWW", "WWW"}, {"中国", "xn--fiqs8s"}, {"123123", "123123"},
		{"", ""}, {"www.", ""}, {".", ""}, {"a..b", ""}, {"a.*", ""}, {"a*", ""}, {"*a", ""}, {"**", ""}, {"*.*", ""}, {"*.", ""},
		{"a@b", ""}, {"@.a", ""}, {"a b", ""}, {"a\n", ""}, {"$TTL", ""}, {`\097`, "a"}, {"a;", ""}, {"(", ""},
	})
}

func TestOwnerNameKeepsToTheLimit(t *testing.T) {
	t.Parallel()
	if got, err := dns.OwnerName("@", name253); err != nil || got != name253+"." {
		t.Errorf("apex: %q, %v", got, err)
	}
	if _, err := dns.OwnerName("a", name253); err == nil {
		t.Error("a name of 255 characters was accepted")
	}
	if got, err := dns.OwnerName("www", "a.com"); err != nil || got != "www.a.com." {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestParseTTL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint32{"0": 0, "600": 600, "2147483647": 2147483647} {
		if got, err := dns.ParseTTL(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-1", "+1", "2147483648", "1.0", "1h", " 1", "0x10", "1_0", "١"} {
		if got, err := dns.ParseTTL(text); err == nil {
			t.Errorf("%q: got %d, want a refusal", text, got)
		}
	}
}

func TestParseViewName(t *testing.T) {
	t.Parallel()
	checkParser(t, "name", dns.ParseViewName, []parseCase{
		{"v1", "v1"}, {"-_-", "-_-"}, {"localhost1", "localhost1"}, {"localhost", ""}, {"LocalHost", ""}, {label63, label63},
		{"", ""}, {label63 + "a", ""}, {"a b", ""}, {"a.b", ""}, {"a/b", ""}, {"视图", ""}, {`a"`, ""}, {"a\n", ""}, {"a;", ""},
	})
}

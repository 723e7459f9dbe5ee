package dns_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

func TestParseServerIP(t *testing.T) {
	t.Parallel()
	checkParser(t, "ip", dns.ParseServerIP, []parseCase{
		{"10.2.2.2", "10.2.2.2"}, {"0.0.0.0", "0.0.0.0"}, {"2001:DB8:0::1", "2001:db8::1"}, {"::ffff:10.0.0.1", "10.0.0.1"},
		{"0.0.0.4.0", ""}, {"010.0.0.1", ""}, {"10.0.0", ""}, {"fe80::1%eth0", ""}, {"localhost", ""}, {" 10.0.0.1", ""}, {"10.0.0.1\n", ""},
	})
}

func TestParseForwarders(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0.0.0.0\n1.1.1.1":         "0.0.0.0; 1.1.1.1;",
		"0.0.0.0; 1.1.1.1;":        "0.0.0.0; 1.1.1.1;",
		"1.1.1.1,::1 2.2.2.2\r\n;": "1.1.1.1; ::1; 2.2.2.2;",
		"1.1.1.1 1.1.1.1":          "1.1.1.1;",
		"":                         "",
		" ;\n, ":                   "",
	} {
		got, err := dns.ParseForwarders(text)
		if err != nil || dns.FormatForwarders(got) != want {
			t.Errorf("%q: got %q, %v; want %q", text, dns.FormatForwarders(got), err, want)
		}
	}
	for _, text := range []string{"a", "1.1.1.1 }", "1.1.1.1/32", "1.1.1.1:53", "!1.1.1.1", "fe80::1%lo", "224.0.0.1", `"1.1.1.1"`, "1.1.1.1{", "// x"} {
		if got, err := dns.ParseForwarders(text); err == nil {
			t.Errorf("%q: got %q, want a refusal", text, got)
		}
	}
}

func TestParseACL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.21.21.25\n0.0.0.0":      "10.21.21.25 0.0.0.0",
		"10.0.0.1/8, !192.0.2.0/24": "10.0.0.0/8 !192.0.2.0/24",
		"any":                       "any",
		"10.0.0.0/8; 192.0.2.0/24;": "10.0.0.0/8 192.0.2.0/24",
		"NONE":                      "none",
		"!any !none":                "none any",
		"2001:db8::1/32 ::1":        "2001:db8::/32 ::1",
		"::ffff:10.0.0.1":           "10.0.0.1",
		"10.0.0.1/32":               "10.0.0.1",
		"0.0.0.0/0 ::/0":            "0.0.0.0/0 ::/0",
		"\r\n 1.1.1.1 \t\n":         "1.1.1.1",
	} {
		entries, err := dns.ParseACL(text)
		var got []string
		for _, e := range entries {
			got = append(got, e.String())
		}
		if err != nil || !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " \n", "!", "!!1.1.1.1", "localhost", "key x", ";", "{ any; }", "1.1.1.1 }; zone", "10/8", "1.1.1.1/33",
		"fe80::1%lo", "::ffff:10.0.0.0/104", `"any"`, "1.1.1.1 // x", "1.1.1.1\x00", strings.Repeat("1.1.1.1 ", 1001), "\xff",
	} {
		if got, err := dns.ParseACL(text); err == nil {
			t.Errorf("%q: got %v, want a refusal", text, got)
		}
	}
}

package dns_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

func TestParseRData(t *testing.T) {
	t.Parallel()
	hex20, hex32 := strings.Repeat("ab", 20), strings.Repeat("cd", 32)
	for _, c := range []struct{ rrtype, in, want string }{
		{"A", "192.0.2.1", "192.0.2.1"},
		{"A", "0.0.0.0", "0.0.0.0"},
		{"AAAA", "2001:DB8::0:1", "2001:db8::1"},
		{"AAAA", "::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"CNAME", "0.0.0.0", "0.0.0.0.a.com."},
		{"CNAME", "www.B.com.", "www.B.com."},
		{"CNAME", "www", "www.a.com."},
		{"CNAME", "@", "a.com."},
		{"CNAME", "中国.", "xn--fiqs8s."},
		{"NS", "ns1", "ns1.a.com."},
		{"PTR", "1.2.0.192.in-addr.arpa.", "1.2.0.192.in-addr.arpa."},
		{"MX", "10 mail", "10 mail.a.com."},
		{"MX", " 0\t. ", "0 ."},
		{"TXT", "v=spf1 -all", `"v=spf1 -all"`},
		{"TXT", `a;b (c) \d $INCLUDE /etc/passwd`, `"a;b (c) \\d $INCLUDE /etc/passwd"`},
		{"TXT", `say "x"`, `"say \"x\""`},
		{"TXT", `"a" "b;\"\\\059\010"`, `"a" "b;\"\\;\010"`},
		{"TXT", `"a" b`, `"a" "b"`},
		{"TXT", "中", `"\228\184\173"`},
		{"TXT", strings.Repeat("x", 256), `"` + strings.Repeat("x", 255) + `" "x"`},
		{"TXT", `""`, `""`},
		{"SRV", "0 5 5060 sip", "0 5 5060 sip.a.com."},
		{"CAA", `0 issue "letsencrypt.org; x=1"`, `0 issue "letsencrypt.org; x=1"`},
		{"CAA", "128 iodef mailto:a@b.com", `128 iodef "mailto:a@b.com"`},
		{"CAA", `0 issue ""`, `0 issue ""`},
		{"SSHFP", "1 1 " + hex20, "1 1 " + strings.ToUpper(hex20)},
		{"SSHFP", "4 2 " + hex32[:10] + " " + hex32[10:], "4 2 " + strings.ToUpper(hex32)},
		{"TLSA", "3 1 1 " + hex32, "3 1 1 " + hex32},
		{"TLSA", "3 0 0 ABcd", "3 0 0 abcd"},
		{"URI", `10 1 "https://a.com/?x=1;y"`, `10 1 "https://a.com/?x=1;y"`},
		{"NAPTR", `100 10 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .`, `100 10 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .`},
		{"NAPTR", `100 10 "S" "SIP+D2U" "" _sip._udp`, `100 10 "S" "SIP+D2U" "" _sip._udp.a.com.`},
	} {
		got, err := dns.ParseRData("a.com", c.rrtype, c.in)
		if err != nil || got.String() != c.want || got.Type() != c.rrtype {
			t.Errorf("%s %q: got %s, %v; want %s", c.rrtype, c.in, got, err, c.want)
		}
	}
}

func TestParseRDataRefuses(t *testing.T) {
	t.Parallel()
	for rrtype, values := range map[string][]string{
		"A":     {"", "1.2.3", "1.2.3.4.5", "::1", "01.2.3.4", "1.2.3.4 ", "1.2.3.4\nx A 1.1.1.1", "1.2.3.4;x", "(1.2.3.4)"},
		"AAAA":  {"1.2.3.4", "::1%lo", ":::", "::1 ::2"},
		"CNAME": {"", ".", "a b", "a;b", "a..b", ".a", "a\n", `a\.b`, `\097`, "a(", "$ORIGIN", `"a"`, "*.a", name253 + ".a.", name253},
		"NS":    {".", "a b"},
		"PTR":   {"a\tb", "."},
		"MX":    {"mail", "10", "10 a b", "65536 a", "-1 a", "+1 a", `10 "a"`, `"10" a`, "10 a;", "10 a ; c", "10 (a)", "1e1 a"},
		"TXT":   {`"`, `"a`, `"a"b"`, `"a" "`, `"\"`, `"\256"`, `"\25"`, "\"\\中\"", `"a" ;b`, `"a" (`, "a\nb", "\"a\nb\"", "a\x00b", "\xff", `"` + strings.Repeat("x", 256) + `"`, strings.Repeat("x", 8193)},
		"SRV":   {"0 0 0", "0 0 65536 a", "0 0 80 a b", "0 0 80 ;"},
		"CAA":   {"0 issue", `256 issue "a"`, `0 is-sue "a"`, `0 issue a;b`, `0 "" "a"`, `0 issue "a" "b"`, `0 issue "a\"b"`, `0 issue "a\\b"`, `0 issue "中"`, `0 issue "\200"`, `0 ` + strings.Repeat("t", 16) + ` "a"`},
		"SSHFP": {"1 1 ab", "1 3 " + strings.Repeat("ab", 20), "1 1 " + strings.Repeat("x", 40), "1 1", "1 2 " + strings.Repeat("ab", 20)},
		"TLSA":  {"4 0 0 ab", "0 2 0 ab", "0 0 3 ab", "3 1 1 ab", "3 1 0 abc", "3 1 0"},
		"URI":   {`1 1 ""`, "1 1", `1 1 "` + strings.Repeat("x", 256) + `"`},
		"NAPTR": {`1 1 "?" "" "" .`, `1 1 "U" "a b" "" .`, `1 1 "U" "" "!(!x!" .`, `1 1 "U" "" "!a!\\1!" .`, `1 1 "U" "" "x" .`, `1 1 U E2U "" . .`},
		"SOA":   {"a. b. 1 2 3 4 5"},
		"ANY":   {"x"},
		"DNAME": {"x."},
		"a":     {"1.2.3.4"},
		"":      {"1.2.3.4"},
	} {
		for _, value := range values {
			if got, err := dns.ParseRData("a.com", rrtype, value); err == nil {
				t.Errorf("%s %q: got %s, want a refusal", rrtype, value, got)
			}
		}
	}
}

func TestCanonicalTellsDuplicates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rrtype, a, b string
		same         bool
	}{
		{"CNAME", "www", "WWW.A.com.", true},
		{"CNAME", "www", "www2", false},
		{"MX", "10 mail", "10\tMAIL.a.com.", true},
		{"MX", "10 mail", "20 mail", false},
		{"AAAA", "2001:db8::1", "2001:DB8:0:0::1", true},
		{"TXT", "abc", `"abc"`, true},
		{"TXT", "abc", "ABC", false},
		{"TXT", `"a" "b"`, `"ab"`, false},
		{"TXT", `"a\098"`, `"ab"`, true},
		{"CAA", `0 issue "x"`, "0 issue x", true},
		{"SSHFP", "1 1 " + strings.Repeat("ab", 20), "1 1 " + strings.Repeat("AB", 20), true},
		{"SRV", "0 0 80 a", "0 0 80 A", true},
		{"NAPTR", `1 1 "S" "" "" x`, `1 1 S "" "" X.a.com.`, true},
	} {
		a, errA := dns.ParseRData("a.com", c.rrtype, c.a)
		b, errB := dns.ParseRData("a.com", c.rrtype, c.b)
		if errA != nil || errB != nil {
			t.Errorf("%s: %v, %v", c.rrtype, errA, errB)
			continue
		}
		if same := a.Canonical() == b.Canonical(); same != c.same {
			t.Errorf("%s %q and %q: same %v, want %v", c.rrtype, c.a, c.b, same, c.same)
		}
	}
}

func TestParseRecordType(t *testing.T) {
	t.Parallel()
	for _, rrtype := range dns.RecordTypes() {
		if got, err := dns.ParseRecordType(strings.ToLower(rrtype)); err != nil || got != rrtype {
			t.Errorf("%s: %q, %v", rrtype, got, err)
		}
	}
	for _, text := range []string{"", "SOA", "RRSIG", "DNSKEY", "AXFR", "ANY", "TSIG", "OPT", "TYPE1", "2", "A\n", "ｔｘｔ"} {
		if got, err := dns.ParseRecordType(text); err == nil {
			t.Errorf("%q: got %q, want a refusal", text, got)
		}
	}
}

func TestRecordRR(t *testing.T) {
	t.Parallel()
	rr, err := dns.RecordRR("a.com", dns.RecordData{Host: "*.x", Type: "MX", TTL: 60, Value: "10 mail"})
	if err != nil || rr.String() != "*.x.a.com.\t60\tIN\tMX\t10 mail.a.com." {
		t.Errorf("got %v, %v", rr, err)
	}
	for _, bad := range []dns.RecordData{
		{Host: "", Type: "A", Value: "1.1.1.1"}, {Host: "a.", Type: "A", Value: "1.1.1.1"},
		{Host: "a", Type: "A", Value: "x"}, {Host: name253, Type: "A", Value: "1.1.1.1"},
	} {
		if rr, err := dns.RecordRR("a.com", bad); err == nil {
			t.Errorf("%+v: got %v", bad, rr)
		}
	}
}

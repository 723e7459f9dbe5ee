package dns_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
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
		{"SVCB", "1 . dohpath=/q{?dns,a:9,b*}", `1 . dohpath="/q{?dns,a:9,b*}"`},
		{"KEY", `\# 4 c0000301`, "49152 3 1 "},
		{"DNSKEY", `\# 8 010003fd 0161 0001`, "256 3 253 AWEAAQ=="},
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
		"A":          {"", "1.2.3", "1.2.3.4.5", "::1", "01.2.3.4", "1.2.3.4 ", "1.2.3.4\nx A 1.1.1.1", "1.2.3.4;x", "(1.2.3.4)"},
		"AAAA":       {"1.2.3.4", "::1%lo", ":::", "::1 ::2"},
		"CNAME":      {"", ".", "a b", "a;b", "a..b", ".a", "a\n", `a\`, `\25`, `a\ é`, `\*.a`, "a(", "$ORIGIN", `"a"`, "*.a", name253 + ".a.", name253},
		"NS":         {".", "a b"},
		"PTR":        {"a\tb", "."},
		"MX":         {"mail", "10", "10 a b", "65536 a", "-1 a", "+1 a", `10 "a"`, `"10" a`, "10 a;", "10 (a", "10 a)", "1e1 a"},
		"TXT":        {`"`, `"a`, `"a"b"`, `"a" "`, `"\"`, `"\256"`, `"\25"`, "\"\\中\"", `"a" (`, `( "a"`, "()", "( ; )", "a\nb", "\"a\nb\"", "a\x00b", "\xff", strings.Repeat("x", 8193)},
		"SRV":        {"0 0 0", "0 0 65536 a", "0 0 80 a b", "0 0 80 ;"},
		"CAA":        {"0 issue", `256 issue "a"`, `0 is-sue "a"`, `0 issue a;b`, `0 issue a ; b`, `( 0 issue "a" ) ; b`, `0 "" "a"`, `0 issue "a" "b"`, `0 issue "a\"b"`, `0 issue "a\\b"`, `0 issue "中"`, `0 issue "\200"`, `0 ` + strings.Repeat("t", 16) + ` "a"`},
		"SSHFP":      {"1 1 ab", "1 3 " + strings.Repeat("ab", 20), "1 1 " + strings.Repeat("x", 40), "1 1", "1 2 " + strings.Repeat("ab", 20)},
		"TLSA":       {"4 0 0 ab", "0 2 0 ab", "0 0 3 ab", "3 1 1 ab", "3 1 0 abc", "3 1 0"},
		"URI":        {`1 1 ""`, "1 1", `1 1 "a\"b"`},
		"NAPTR":      {`1 1 "?" "" "" .`, `1 1 "U" "\200" "" .`, `1 1 "U" "" "!(!x!" .`, `1 1 "U" "" "!a!\\1!" .`, `1 1 "U" "" "x" .`, `1 1 U E2U "" . .`},
		"SOA":        {"a. b. 1 2 3 4 5"},
		"ANY":        {"x"},
		"DNAME":      {".", "a b", "192.0.2.1 x"},
		"DS":         {"1 5 1 ab", "1 5 2 " + strings.Repeat("ab", 20), "1 5 1", "x 5 1 " + strings.Repeat("ab", 20)},
		"HTTPS":      {"0 . alpn=h2", "1 . mandatory=port", "1 . mandatory=alpn,alpn alpn=h2", "1 . no-default-alpn", "1 . port=1 port=2", "1 . alpn", "1 . key65535=x", "1"},
		"LOC":        {"91 N 0 E 0m", "x", "52 N 4 E", `\# 16 00010000800000008000000000989680`},
		"RRSIG":      {"A 5 3 86400 20030322173103 20030220173103 2642 example.com. AAAA"},
		"TYPE65400":  {"x", `\#`, `\# 4`, `\# 3 0A000001`, `\# 4 0A00000`, `\# x 00`, `"\#" 1 00`, `\# 70000 00`},
		"TYPE38":     {`\# 1 81`, `\# 2 0000`},
		"TYPE66":     {`\# 5 0001010035`, `\# 7 0001010035c005`, `\# 7 00010100350000`},
		"TYPE67":     {`\# 0`},
		"TYPE68":     {`\# 0`},
		"TYPE262":    {`\# 0`, `\# 2 0261`},
		"SVCB":       {"1 . dohpath=x{?dns}", "1 . dohpath=/{?nds}", "1 . dohpath=/{@dns}", "1 . dohpath=/%x{?dns}", "1 . dohpath=/a,dns}{?b}", `1 . dohpath=/\200{?dns}`, `\# 12 0001000007000471 2f7d7d`},
		"AMTRELAY":   {"1 1 1 192.0.2.1", "1 1 3 a", "1 0 4 .", `\# 2 0003`, `\# 2 0001`},
		"IPSECKEY":   {`\# 3 010002`, `\# 7 010102c0000201`, `\# 3 010302`, `\# 3 010102`},
		"HIP":        {`\# 4 ff01ffff`, `\# 5 01010000ff`, `\# 8 0101000200 0102`},
		"L32":        {`\# 2 0001`, `\# 3 000100`},
		"CERT":       {`\# 5 0000000000`},
		"KEY":        {`\# 4 00000301`, `\# 5 c000030100`, `\# 6 000003fd 0261`},
		"DNSKEY":     {`\# 4 01010308`, `\# 6 010003fd 0261`, "257 2 8 AAAA"},
		"RKEY":       {"512 3 8 AAAA", `\# 4 00000308`},
		"ZONEMD":     {"1 1 8 00ff", "1 1 1 " + strings.Repeat("00", 12)},
		"MG":         {`\# 0`},
		"RP":         {`\# 1 00`},
		"MINFO":      {`\# 0`, `\# 1 00`},
		"OPENPGPKEY": {`\# 0`},
		"a":          {"1.2.3.4"},
		"":           {"1.2.3.4"},
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
		{"CAA", `0 issue "x"`, "0 Issue x", true},
		{"CAA", `0 issue "x"`, "0 issue X", false},
		{"PTR", `Floor\ 2`, `FLOOR\0322.a.com.`, true},
		{"PTR", `a\.b`, "a.b", false},
		{"A", "192.0.2.1", `\# 4 C0000201`, true},
		{"MX", "10 mail", `\# 14 000A 046D61696C 0161 03636F6D 00`, true},
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
	for _, text := range []string{"", "2", "A\n", "ｔｘｔ", "TYPE", "TYPE01", "TYPE65536", "TYPE-1", "TYPE1x", "NSAP", "UID", "nonsense"} {
		if got, err := dns.ParseRecordType(text); err == nil {
			t.Errorf("%q: got %q, want a refusal", text, got)
		}
	}
	for text, want := range map[string]string{"type1": "A", "TYPE28": "AAAA", "TYPE65400": "TYPE65400", "Type43": "DS", "TYPE101": "TYPE101"} {
		if got, err := dns.ParseRecordType(text); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

// What a client may not own is refused by a text that says why.
func TestRefusedTypesSayWhy(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"SOA": "由系统生成", "TYPE6": "由系统生成",
		"RRSIG": "DNSSEC签名", "NSEC": "DNSSEC签名", "NSEC3": "DNSSEC签名", "NSEC3PARAM": "DNSSEC签名", "SIG": "DNSSEC签名", "NXT": "DNSSEC签名", "TYPE46": "DNSSEC签名",
		"OPT": "伪类型", "ANY": "元类型", "AXFR": "元类型", "IXFR": "元类型", "TSIG": "元类型", "TKEY": "元类型", "MAILB": "元类型", "TYPE128": "元类型", "TYPE255": "元类型",
		"MD": "已废弃", "MF": "已废弃", "TYPE65533": "BIND内部", "TYPE65534": "BIND内部", "TYPE0": "保留", "TYPE65535": "保留",
	} {
		var refused *domain.Error
		if _, err := dns.ParseRecordType(text); !errors.As(err, &refused) || refused.Field != "record_type" || !strings.Contains(refused.Message, why) {
			t.Errorf("%s: %v, want %q", text, err, why)
		}
	}
}

// A literal text that was copied from somewhere else is refused, unless an old event has it.
func TestDoubtfulValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rrtype, value string
		ok            bool
	}{
		{"TXT", ` "v=spf1 -all"`, true},
		{"TXT", `( "v=DKIM1; " "p=AAAA" ) ; key`, true},
		{"TXT", `"` + strings.Repeat("x", 400) + `"`, true},
		{"TXT", "“v=spf1 -all”", false},
		{"TXT", "‘x", false},
		{"TXT", "x」", false},
		{"TXT", "the “word” inside", true},
		{"TXT", "v=spf1\u200b -all", false},
		{"TXT", "\ufeffabc", false},
		{"TXT", "a\u202eb", false},
		{"TXT", "v=DMARC1； p=none", false},
		{"TXT", "ｖ＝ＳＰＦ１ -all", false},
		{"TXT", "V = spf1 include:中国", false},
		{"TXT", `v=DMARC1\; p=none`, false},
		{"TXT", "v=DMARC1; p=none", true},
		{"TXT", `key\;value`, true},
		{"TXT", "中文", true},
		{"TXT", `v=spf1 -all"`, false},
		{"TXT", `say "x"`, true},
		{"TXT", `k="v" w"`, false},
		{"TXT", "\u3000\"v=spf1 -all\"", false},
		{"TXT", `"v=DMARC1\; p=none"`, true},
		{"MX", "10 192.0.2.25", false},
		{"MX", "10 192.0.2.25.", false},
		{"MX", "10 192.0.2", true},
		{"SRV", "0 0 80 192.0.2.1", false},
		{"KX", "10 192.0.2.1", false},
		{"HTTPS", "1 192.0.2.1.", false},
		{"CNAME", "0.0.0.0", true},
		{"NS", "0.0.0.0", true},
		{"ISDN", `"a b"`, false},
		{"ISDN", `"a b" c`, true},
		{"ISDN", "150862028003217", true},
		{"HINFO", `"PC 486"`, false},
		{"HINFO", `"PC 486" "DOS"`, true},
	} {
		if _, err := dns.ParseRData("a.com", c.rrtype, c.value); err != nil {
			t.Errorf("%s %q cannot be read: %v", c.rrtype, c.value, err)
		}
		if _, err := dns.AcceptRData("a.com", c.rrtype, c.value); (err == nil) != c.ok {
			t.Errorf("%s %q: %v, want accepted: %v", c.rrtype, c.value, err, c.ok)
		}
	}
}

func TestSubstitutions(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		`!^(\\+4930.*)$!sip:\\1@pbx.example.com!`: true, `/^.*$/sip:x@y/i`: true, "|a+|b|": true, "!(a|b){2,3}[[:digit:]]?!x!": true, "!a!b\\\\!c!": true,
		"![^]a-z]!x!": true, "!a.b!c!": true,
		"!()!x!": false, "!(|a)!x!": false, "!*a!x!": false, "!a**!x!": false, "!a{2!x!": false, "!a{3,2}!x!": false, "!a{256}!x!": false, "![a!x!": false,
		"!a!\\\\1!": false, "!a!b!c!": false, "!a!b": false, "1a1b1": false, "iaibi": false, "!a!b!x": false, "!(a!b!": false, "!!b!": false, "![[:nope:]]!x!": false,
		"![z-a]!x!": false,
	} {
		_, err := dns.AcceptRData("a.com", "NAPTR", `1 1 "u" "" "`+text+`" .`)
		if (err == nil) != ok {
			t.Errorf("%s: %v, want accepted: %v", text, err, ok)
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

package zonefile_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// read are odd texts that are read, all of them as named reads them.
var read = []string{
	"", "\n \n\t\n; nothing\n", "x A 1.2.3.4", "x A 1.2.3.4\r\ny A 1.2.3.5\r\n\r\n", "\tA 1.2.3.4\n", " A 1.2.3.4\n",
	// owners
	"X A 1.2.3.4\nx A 1.2.3.5\n", "in A 1.2.3.4\n5 A 1.2.3.4\na A 1.2.3.4\n", "a+b A 1.2.3.4\n\303\251 A 1.2.3.4\n",
	"q\\.r A 1.2.3.4\nq\\046s A 1.2.3.4\nq\\ t A 1.2.3.4\n",
	"@ TXT a\n* A 1.1.1.1\n*.b A 1.1.1.1\n", "x A 1.2.3.4 ; c\n\n   \n ; c\n  AAAA ::1\n", "_sip._tcp SRV 1 2 3 x\n0/25 NS ns.x.\n",
	"out.other. A 1.1.1.1\nin A 2.2.2.2\n A 3.3.3.3\n",
	// TTLs and classes
	"w 10 A 1.1.1.1\nw 20 A 1.1.1.2\nz A 1.1.1.9\nw 5 A 1.1.1.3\nw 500 A 1.1.1.4\n",
	"w 100 A 1.1.1.1\nz A 1.1.1.9\nw 500 A 1.1.1.4\nw 500 A 1.1.1.1\n",
	// the owners that an NS set points to, in a block of their own; owners that only look alike
	"s 10 NS x\nx 5 A 1.1.1.1\ns 20 NS y\n", "s 10 NS x\nx 5 A 1.1.1.1\nx 6 A 1.1.1.2\nX 7 A 1.1.1.3\ns 20 NS y\ns 11 A 1.1.1.4\n",
	"s 10 NS x\nz 5 A 1.1.1.1\ns 20 NS y\n", "s 10 NS s\nS 20 NS z\ns 30 NS w\n", "s 10 NS s\nS 20 NS z\n", "s 10 NS x\n$ORIGIN x\n@ 5 NS y\ny.x 6 A 1.1.1.1\nx 7 NS z\n",
	"s 10 NS o.\no. 5 A 1.1.1.1\ns 20 NS y\n", "s 10 NS X\n\\120 5 A 1.1.1.1\ns 20 NS y\n",
	"w 10 A 1.1.1.1\nW 20 A 1.1.1.2\n", "w 10 A 1.1.1.1\nW 20 A 1.1.1.2\nw 10 A 1.1.1.1\n",
	"w 10 A 1.1.1.1\n$GENERATE 1-2 w 20 A 1.1.1.$\nw 30 A 1.1.1.9\n", "$GENERATE 1-2 w 20 A 1.1.1.$\nw 30 A 1.1.1.9\n$GENERATE 1-2 w A 1.1.2.$\nv A 1.1.1.1\n",
	"@ 70 SOA m.x. h.x. 1 2 3 4 5\n@ 80 SOA M.x. h.x. 1 2 3 4 5\n",
	// a block that is larger than what named holds
	"w 10 TXT a\n" + longTexts(65_559) + "w 20 TXT b\n", "w 10 TXT a\n" + longTexts(65_558) + "w 20 TXT b\n",
	"w 10 TXT a\n" + longTexts(200*256) + "w NS z\nz 7 A 1.1.1.1\n" + longTexts(100*256) + "w 20 TXT b\n",
	"w 10 TXT a\n" + longTexts(30_000) + "w NS z\n" + strings.ReplaceAll(longTexts(30_000), "w ", "z ") + longTexts(20_000) + "w 20 TXT b\n",
	"w 10 TXT a\n NS z\nz 7 A 1.1.1.1\n" + strings.ReplaceAll(longTexts(65_554), "w", "z") + "w 20 TXT b\nz 8 A 1.1.1.2\n",
	"q IN 5 A 1.2.3.4\nr 5 IN A 1.2.3.4\ns IN A 1.2.3.4\nt CLASS1 A 1.2.3.4\n",
	"q 1h1h A 1.2.3.4\nr 1W2D3H4M5S A 1.2.3.4\ns 01 A 1.2.3.4\nt 1w A 1.2.3.4\n",
	"x A 1.2.3.4\n$TTL 7\n A 6.6.6.6\ny A 1.2.3.4\n", "$ttl 1d2h\n$origin sub\nz A 1.2.3.4\n",
	// origins
	"x A 1.2.3.4\n$ORIGIN sub\n A 6.6.6.6\n", "$ORIGIN b.a.test.\n$ORIGIN c\nd A 1.1.1.1\n@ A 2.2.2.2\n. A 3.3.3.3\n",
	"$ORIGIN .\na.test A 1.1.1.1\nb.a.test NS x.y.\n",
	"$ORIGIN o.\nx A 1.2.3.4\n@ A 1.1.1.1\n$ORIGIN a.test.\n A 6.6.6.6\n", "$ORIGIN sub\nx MX 10 @\ny CNAME z\n",
	// parentheses, quotes, comments
	"q TXT ( \"a\"\n b ; c\n \"d\" )\n", "q TXT a;b\nr TXT \"a;b\" ;c\n", "x (A) 1.2.3.4\ny A (1.2.3.4) (\n)\n",
	"t TXT a\"b\"c \"d\"\"e\" \"f\"\n", "u TXT \"a\\\"b\\;c\" x\\034y \"\"\n",
	"u TXT \"\303\251\\200\\\\\"\n", "x HINFO a b\nx HINFO \"a c\" b\n",
	// octets that are no ASCII
	"t TXT \"\377\" \303\251\nm MX 10 \303\251.x.\n\377 CNAME \303\251\n",
	// types
	"r TYPE1 \\# 4 01020304\ns type65400 \\# 0\nt CLASS1 TYPE65400 \\# 4 0102 0304\n",
	"x CAA 0 issue ca.test\nx CAA 0 issue \"ca.test; a=b\"\nx URI 1 2 \"http://x/\"\n",
	"x SVCB 1 . alpn=h2 port=\"53\"\ny SVCB 2 z alpn=\"h2,h3\" ipv4hint=\"192.0.2.1\"\nx HTTPS 0 y\n",
	"x LOC 1 2 3 N 4 5 6 E 7m\nx SSHFP 1 1 (0102030405060708090a\n 0b0c0d0e0f1011121314)\n",
	"x NAPTR 1 2 \"U\" \"E2U+sip\" \"!^.*$!sip:a@b.com!\" .\nx DNAME y\nz DS 1 8 2 0102030405060708090a0b0c0d0e0f100102030405060708090a0b0c0d0e0f10\nz NS n.x.\n",
	"x MX 10 Mail.Other.\nx RP a.b c\nx AFSDB 1 d\nx PTR X.y.\n",
	"x CERT PKIX 1 8 AAAA\nx OPENPGPKEY AAAA BBBB\nx TLSA 3 1 1 0102030405060708090a0b0c0d0e0f10 0102030405060708090a0b0c0d0e0f10\n",
	"x TXT \\# 3 026162\nx TYPE16 \\# 03 02 61 63\nx TXT \\# 7 00 03225cff 0161\ny SPF \\# 3 026162\n",
	"x TXT \\# foo\nx TXT \\#\nx TXT \\# \"3\" 026162\nx TXT \"\\#\" 3 026162\nx TXT \\# 0x3\nx TXT \\# 99999999999 02\ny TYPE16 \\# foo\n",
	"x HINFO \"a b\" \"\"\nx HINFO a\\032b \\\303\ny ISDN \"1 2\" 3\ny ISDN 1\\\"2 \"3 4\"\nz X25 \"12345\"\nz GPOS 1 \"-2 x\" nan\n",
	"x LOC 52 22 23.999 N 4 53 32.001 W -2.01m 0m 0.09 90000000\nx LOC 90 N 180 W 42849672.95\nx LOC 0 S 0 E 0 1.99m 20. 3.5m\n",
	"x LOC 59 59 59.9 S 1 2 3.45 E -100000.00m\nx L32 10 10.1.2.3\nx L64 10 2001:0db8:1140:1000\nx NID 10 0014:4FFF:ff20:ee64\n",
	"x SVCB 1 . key9=a key65000=\"b\" dohpath=/q{?dns}\ny HTTPS 1 . mandatory=\"alpn,key9\" alpn=h2 key9\n",
	"z TXT $TTL a$\nw RP $a $b.\n", "x CNAME \\\303\\\251\ny TXT \\\303 \"\\\251\\\"\"\nz RP \\\303 a\n",
	"x CSYNC 1 2 A TYPE65400 soa\nx KEY 0 3 8 AA==\nx AMTRELAY 1 0 3 a\nx AMTRELAY 1 1 0 .\nx HIP 2 00ff AAAA a b.\n",
	"x IPSECKEY 1 0 2 . AAAA\nx IPSECKEY 1 3 2 a AAAA\nx TYPE66 \\# 6 000101003500\nx KEY \\# 4 c0000301\ny TYPE262 \\# 2 0161\n",
	// $GENERATE
	"$GENERATE 1-2 a${5}-$ A 10.0.0.$\n", "$GENERATE 1-2 b$$ A 10.0.0.$\n", "$GENERATE 1-2 c$ MX \"$ mail$\"\n",
	"$GENERATE 1-3/2 d\\$$ 60 IN CNAME x$\n",
	"$GENERATE 1-2 ${0,8,n}y A 10.0.0.1\n\t A 10.0.0.77\n", "q A 1.1.1.1\n$GENERATE 1-2 y$ A 10.0.0.1\n\t A 10.0.0.77\n",
	"$GENERATE 1-2 x${-1,3,x} IN 70 TXT \"v$ w$\"\n",
	"$GENERATE 1-2 x$ TXT \"a \\$ ${1,2}\"\n", "$GENERATE 10-12 x${0,3,N}z CNAME m${0,3,n}.\n", "$GENERATE 1-2 x$ CNAME m ;c\n",
	"$GENERATE 1-2 @ TXT v$\n", "$generate 1-2 k$ TXT v$\n",
	"$GENERATE 1-2 x$ TXT \"\\\"v $\\\" b\"\n", "$GENERATE 0-20/10 ${0,2,o}${0,3,X} NS n$.b.\n", "$GENERATE 1-2 $.o. TXT v$\n",
	"$GENERATE 15-17 ${0,1,n}.${0,3,n}.${0,5,N}z A 10.0.0.1\n",
	// the same again
	"@ SOA m.x. h.x. 1 2 3 4 5\n", "x A 1.2.3.4\nx A 1.2.3.4\nX MX 1 a\nx MX 1 A\n",
}

// longTexts are records of w, of several types, whose data have so many octets.
func longTexts(octets int) string {
	const most = 30 * 256 // of a record
	var out strings.Builder
	for i := 1; octets > 0; i++ {
		n := min(octets, most)
		others := (n - 1) / 256
		fmt.Fprintf(&out, "w %s %04d%s%s\n", []string{"SPF", "AVC", "NINFO"}[i%3], i, strings.Repeat("a", n-256*others-5),
			strings.Repeat(" "+strings.Repeat("b", 255), others))
		octets -= n
	}
	return out.String()
}

// Odd texts are read as named-compilezone reads them.
func TestReadAsNamedReads(t *testing.T) {
	t.Parallel()
	for _, text := range read {
		if compare(t, beginning+text) == nil {
			_, err := zonefile.Read(t.Context(), strings.NewReader(beginning+text), zone, 100_000)
			t.Errorf("%q: %v", text, err)
		}
	}
	// Without $TTL the SOA's minimum holds, or the last TTL that was said.
	for _, text := range []string{
		"@ IN SOA m.x. h.x. 1 2 3 4 5\n@ NS m.x.\nw A 1.1.1.1\nv 7 A 1.1.1.1\nu A 1.1.1.1\n",
		"@ 99 IN SOA m.x. h.x. 1 2 3 4 5\n@ NS m.x.\nw A 1.1.1.1\nv 7 A 1.1.1.1\nu A 1.1.1.1\n",
		// … as its RRset has it
		"@ 9 IN SOA m.x. h.x. 1 2 3 4 5\n@ NS m.x.\nw A 1.1.1.1\nw 7 A 1.1.1.2\nw TXT a\nv A 1.1.1.1\n",
		"@ 9 IN SOA m.x. h.x. 1 2 3 4 5\n@ NS m.x.\n@ 5 IN SOA m.x. h.x. 1 2 3 4 5\nw A 1.1.1.1\n",
		"@ 9 IN SOA m.x. h.x. 1 2 3 4 5\n@ NS m.x.\no. 7 A 1.1.1.1\no. 8 A 1.1.1.2\nw A 1.1.1.1\n",
		"@ 9 IN SOA m.x. h.x. 1 2 3 4 5\n@ NS m.x.\nw A 1.1.1.1\n$GENERATE 1-2 w 8 A 1.1.1.1\nw A 1.1.1.3\nv A 1.1.1.1\n",
		"@ IN SOA m.x. h.x. (1 ; serial\n 2h 3m 4w 5d)\n NS m.x.\n",
	} {
		if compare(t, text) == nil {
			t.Errorf("%q is refused", text)
		}
	}
}

// What is refused is refused by its line, and what stands behind it is read.
func TestRefusedByLine(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"x A 1.2.3.300": "",
		"x A":           "the data is missing",
		"x":             "the record's type is missing",
		"x IN":          "the record's type is missing",
		"x WHAT 1":      "",
		"x RRSIG A 8 2 300 20300101000000 20200101000000 1 a.test. AAAA": "",
		"x CH A 1.2.3.4":                        "the class is not IN",
		"x IN IN A 1.2.3.4":                     "",
		"x 2147483648 A 1.2.3.4":                "a TTL has at most",
		"x 1h1 A 1.2.3.4":                       "",
		"a..b A 1.2.3.4":                        "is no domain name",
		strings.Repeat("l", 64) + " A 1.2.3.4":  "is no domain name",
		"\\[x A 1.2.3.4":                        "of a kind that is not in use",
		"\\25 A 1.2.3.4":                        "has an escape that is none",
		"\"q u\" A 1.2.3.4":                     "an owner is not quoted",
		"c.*.d A 1.2.3.4":                       "",
		"x TXT \"a":                             "a double quote is left open",
		"x TXT a\\":                             "the line ends in a backslash",
		"x TXT a\x01":                           "write it as \\001",
		"x TXT " + strings.Repeat("a", 256):     "more than 255 octets",
		"x A 1.2.3.4\rx":                        "a carriage return stands within",
		"x A )":                                 "closes that was not opened",
		"( x A 1.2.3.4 )":                       "must not begin with a parenthesis",
		"x HINFO a":                             "another number of fields",
		"x HINFO a b c":                         "another number of fields",
		"x CERT PKIX 1 8":                       "another number of fields",
		"x TXT \\# 0":                           "",
		"x TXT \\# 3 foo":                       "not hexadecimal",
		"x TXT \\# 2 026162":                    "not of the length",
		"x TXT \\# 2 0261":                      "",
		"x TXT \\# 3 \"026162\"":                "has no quoted field",
		"x SPF \\# foo":                         "",
		"x A \"1.2.3.4\"":                       "has no quoted field",
		"x MX \\049 m":                          "must have no escapes",
		"x MX 1 \\[a":                           "of a kind that is not in use",
		"x HINFO a " + strings.Repeat("b", 256): "more than 255 octets",
		"x X25 12\\0513":                        "has digits alone",
		"x X25 123":                             "",
		"x ISDN a":                              "another number of fields",
		"x LOC 90 0 0.001 N 0 E 0":              "is written as in",
		"x LOC 1 60 N 0 E 0":                    "is written as in",
		"x LOC 1 N 2 3 4.5678 E 0":              "is written as in",
		"x LOC 1 N 2 E 0x10m":                   "is written as in",
		"x LOC 1 N 2 E 0 1m 1m 1m 1m":           "is written as in",
		"x LOC 1 N 2 E 42849672.96":             "is written as in",
		"x LOC 1 N 2 E -100000.01":              "is written as in",
		"x LOC 1 N 2 E 0 90000000.01":           "is written as in",
		"x LOC 1 N \"2\" E 0":                   "is written as in",
		"x LOC \\# 16 00010000800000008000000000989680":  "",
		"x NID 1 14:4fff:ff20:ee64":                      "in its full length",
		"x NID 1 0014:4fff:ff20:ee64:1":                  "in its full length",
		"x L32 1 ::ffff:1.2.3.4":                         "in its full length",
		"x L32 \\# 2 0001":                               "",
		"x CAA 0 \"issue\" a":                            "has no quoted field",
		"x CAA 0 iss\\117e a":                            "must have no escapes",
		"x CAA \"0\" issue a":                            "has no quoted field",
		"x NAPTR 1 2 a b c \"d\"":                        "has no quoted field",
		"x URI 1 2 http://x/":                            "in double quotes",
		"x SSHFP 1 1 \\0480" + strings.Repeat("00", 19):  "must have no escapes",
		"x SVCB 1 . ohttp":                               "is no parameter that is taken",
		"x SVCB 1 . mandatory=alpn,ohttp alpn=a":         "is no parameter that is taken",
		"x SVCB 1 . mandatory=\"ohttp\" key8":            "is no parameter that is taken",
		"x SVCB 1 . key3=80":                             "is no parameter that is taken",
		"x SVCB 1 . key008":                              "is no parameter that is taken",
		"x SVCB 1 . dohpath=q{?dns}":                     "is no parameter that is taken",
		"x SVCB 1 . \"alpn=h2\"":                         "has no quoted field",
		"x SVCB \\# 12 0001000007000471 2f7d7d":          "",
		"x DNSKEY 257 3 8 AwEAAa==":                      "is not base64",
		"x KEY \\# 5 c000030100":                         "",
		"x SVCB 1 . ipv4hint=1.2.3.4,":                   "is no parameter that is taken",
		"x SVCB 1 . key9=\"a,,b\"":                       "is no parameter that is taken",
		"x CERT 0 0 DSA-NSEC3-SHA1 AA==":                 "write its number",
		"x CERT IPIX 0 8 AA==":                           "write its number",
		"x DS 1 ECC-GOST 3 " + strings.Repeat("00", 32):  "write its number",
		"x KEY \\# 4 00000301":                           "",
		"x DNSKEY \\# 7 010003fd c00000":                 "",
		"x RKEY 512 3 8 AAAA":                            "",
		"x CSYNC 1 2 00001":                              "is no type",
		"x AMTRELAY 1 1 3 a":                             "",
		"x AMTRELAY \\# 2 0003":                          "",
		"x IPSECKEY 1 0 2 .":                             "another number of fields",
		"x HIP \\# 4 ff01ffff":                           "",
		"x ZONEMD 1 1 8 00ff":                            "",
		"x CERT \\# 5 0000000000":                        "",
		"x MG \\# 0":                                     "",
		"x RP \\# 1 00":                                  "",
		"x TYPE66 \\# 1 00":                              "",
		"x TYPE66 \\# 7 0001010035c005":                  "",
		"x TYPE67 \\# 0":                                 "",
		"x TYPE262 \\# 0":                                "",
		strings.Repeat("0", 63) + "5 x":                  "",
		"x " + strings.Repeat("0", 63) + "5 A 192.0.2.1": "",
		"$TTL " + strings.Repeat("0", 63) + "5":          "is no TTL",
		"x SOA m.x. h.x. 1 2 3 4 5":                      "stands at the zone's own name alone",
		"o.x. SOA m.x. h.x. 1 2 3 4 5":                   "the SOA is another zone's",
		"@ SOA m.x. h.x. 2 2 3 4 5":                      "line 2 has another SOA",
		"@ SOA m.x. h.x. 1 2 3 4":                        "five numbers",
		"$INCLUDE /etc/passwd":                           "$INCLUDE is not taken",
		"$include other":                                 "$INCLUDE is not taken",
		"$DATE 20200101000000":                           "is no directive that is taken",
		"$TTL":                                           "exactly one argument",
		"$TTL 5 x":                                       "exactly one argument",
		"$TTL x":                                         "is no TTL",
		"$ORIGIN a..b":                                   "is no domain name",
		"$GENERATE 5-2 x$ TXT v$":                        "is no range",
		"$GENERATE 0-65536 x$ TXT v$":                    "at most 65536 records",
		"$GENERATE 1-2 x${} TXT v$":                      "has a form that is none",
		"$GENERATE 1-2 x$ TXT v$ w$":                     "data of one field",
		"$GENERATE 1-2 $ SOA \"a. b. 1 2 3 4 5\"":        "of any type but SOA",
		"$GENERATE 1-2 x${-5} TXT v$":                    "no negative numbers",
		"$GENERATE 1-2 x$ TXT ${0,128}":                  "at most 127 digits",
		"$GENERATE 1-2 x$ TXT ${0,128,n}":                "at most 127 digits",
		"$GENERATE 1-2 x$ TXT \"a;" + strings.Repeat("${0,127}", 600) + "\"": "at most 60000 octets",
	} {
		_, err := zonefile.Read(t.Context(), strings.NewReader(beginning+text+"\ny A 1.2.3.300\n"), zone, 1000)
		var refused *zonefile.Error
		if !errors.As(err, &refused) || len(refused.Lines) != 2 || refused.Lines[0].Line != 4 || refused.Lines[1].Line != 5 ||
			!strings.Contains(refused.Lines[0].Err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// An owner that was refused is not said of each line that inherits it.
func TestInheritedFromRefused(t *testing.T) {
	t.Parallel()
	_, err := zonefile.Read(t.Context(), strings.NewReader(beginning+"a..b A 1.2.3.4\n A 1.2.3.5\n TXT x\nc A 1\n"), zone, 1000)
	var refused *zonefile.Error
	if !errors.As(err, &refused) || len(refused.Lines) != 2 || refused.Lines[1].Line != 7 {
		t.Error(err)
	}
}

// No record stands before the first owner, and the zone's name is none.
func TestNoOwnerYet(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "$ORIGIN x\n", "$GENERATE 1-2 x$ A 192.0.2.1\n"} {
		text := "$TTL 5\n" + before + " A 192.0.2.1\n A 192.0.2.2\na.test. SOA m.x. h.x. 1 2 3 4 5\na.test. NS m.x.\n"
		_, err := zonefile.Read(t.Context(), strings.NewReader(text), zone, 1000)
		var refused *zonefile.Error
		if !errors.As(err, &refused) || len(refused.Lines) != 1 || !strings.Contains(refused.Error(), "has no owner") {
			t.Errorf("%q: %v", text, err)
		}
		if _, said, loaded := theirs(t, zone, text); loaded || !strings.Contains(said, "no current owner name") {
			t.Errorf("named-compilezone says of %q: %s", text, said)
		}
	}
}

// What stands in the parentheses of a refused entry is no entry, and an entry whose owner was not
// read does not leave the owner before it to those that inherit it.
func TestRefusedInParentheses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"x TXT ( a\x01\n b..c WHAT\n ) d\ny A 1\n",
		"x TXT ( \"a\x01 ) \" ; )\n b..c WHAT\n )\ny A 1\n",
		"x TXT ( a\x01 \\) \"(\" ; (\n b..c WHAT\n )\ny A 1\n",
		"x TXT ( \"a\n b..c WHAT\n )\ny A 1\n",
		"x TXT ( ( a\x01 )\n b..c WHAT\n )\ny A 1\n",
		"( x A\n 192.0.2.1 )\n\ny A 1\n",
		"x\x01 A 192.0.2.1\n MX a b c d\n\ny A 1\n",
		"w A 192.0.2.1\nx\x01 A 192.0.2.1\n A 192.0.2.1.5\ny A 1\n",
	} {
		_, err := zonefile.Read(t.Context(), strings.NewReader(beginning+text), zone, 1000)
		var refused *zonefile.Error
		if !errors.As(err, &refused) || len(refused.Lines) != 2 || refused.Lines[1].Line != 3+strings.Count(text, "\n") {
			t.Errorf("%q: %v", text, refused)
			for _, l := range refused.Lines {
				t.Log(l.Line, l.Err)
			}
		}
	}
	_, err := zonefile.Read(t.Context(), strings.NewReader("x A (\x01\n"+strings.Repeat("1\n", 1<<20)), zone, 1000)
	var refused *zonefile.Error
	if !errors.As(err, &refused) || !refused.More {
		t.Error(err)
	}
	for _, text := range []string{"$TTL (\x01)\n A 1\n", " A \x01\n A 1\n"} { // of which the owner is known
		_, err := zonefile.Read(t.Context(), strings.NewReader(beginning+text), zone, 1000)
		if !errors.As(err, &refused) || len(refused.Lines) != 2 {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A hundred errors are enough, and so are the records that may be kept, those of $GENERATE
// included. An entry that does not end is not kept until the file does.
func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	_, err := zonefile.Read(t.Context(), strings.NewReader(strings.Repeat("x A 1\n", 1000)), zone, 1000)
	var refused *zonefile.Error
	if !errors.As(err, &refused) || len(refused.Lines) != 100 || !refused.More {
		t.Error(err)
	}
	var many *zonefile.TooManyError
	for _, text := range []string{"$GENERATE 1-60000 x$ A 10.0.0.1\n", strings.Repeat("x TXT a\nx TXT b\ny TXT a\n", 2)} {
		if _, err := zonefile.Read(t.Context(), strings.NewReader("$TTL 5\n"+text), zone, 2); !errors.As(err, &many) {
			t.Error(err)
		}
	}
	if _, err := zonefile.Read(t.Context(), strings.NewReader("x A (\n"+strings.Repeat("1\n", 1<<20)), zone, 1000); !errors.As(err, &refused) || !refused.More {
		t.Error(err)
	}
}

// An SOA that is not the zone's gives no TTL.
func TestOtherSOAGivesNoTTL(t *testing.T) {
	t.Parallel()
	for _, owner := range []string{"o.x.", "x"} {
		_, err := zonefile.Read(t.Context(), strings.NewReader(owner+" SOA m.x. h.x. 1 2 3 4 5\ny A 192.0.2.1\n"), zone, 1000)
		var refused *zonefile.Error
		if !errors.As(err, &refused) || len(refused.Lines) != 2 || !strings.Contains(refused.Lines[1].Err.Error(), "has no TTL") {
			t.Errorf("%s: %v", owner, err)
		}
	}
}

// Who does not wait any more has no file read: not between entries, nor within one.
func TestReadIsCalledOff(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"$TTL 5\nx A 192.0.2.1\n", "$GENERATE 1-60000 x$ 5 A 10.0.0.1\n"} {
		ctx := &endsAfter{Context: t.Context(), looks: 1}
		if _, err := zonefile.Read(ctx, strings.NewReader(text), zone, 100_000); !errors.Is(err, context.Canceled) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// endsAfter is a context that is called off after some looks at it.
type endsAfter struct {
	context.Context
	looks int
}

func (c *endsAfter) Err() error {
	if c.looks--; c.looks < 0 {
		return context.Canceled
	}
	return nil
}

// FuzzRead: whatever is read is what named-compilezone reads, what stands beside lines that are
// refused included. Each text ends its last line: named refuses a directive that the file ends in,
// and nobody means anything by one.
func FuzzRead(f *testing.F) {
	for _, text := range read {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 || strings.Contains(strings.ToUpper(text), "$INCLUDE") {
			return
		}
		compareRest(t, zone, beginning+text+"\n")
	})
}

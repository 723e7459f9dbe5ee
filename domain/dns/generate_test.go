package dns_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes texts that are mostly sound and now and then hostile.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

// hostile is text that would mean something if it got into a generated file as it is.
func (g generator) hostile() string {
	return g.pick("\n", ";", "(", ")", `"`, `\`, "\\", "$INCLUDE /etc/passwd", "$ORIGIN b.", "\n@ 1 IN A 1.1.1.1\n", "{", "}", "*/", "//",
		"#", "\x00", "\x7f", "\r", "中", "\u202e", "'", "`id`", "%s", "\\010", "\\\"", " ", "\t", "\xff", "@", "*", ".", "..")
}

// spoil puts hostile text into one of ten texts.
func (g generator) spoil(text string) string {
	if g.IntN(10) > 0 {
		return text
	}
	at := g.IntN(len(text) + 1)
	return text[:at] + g.hostile() + text[at:]
}

func (g generator) label() string {
	return g.pick("a", "b", "www", "_sip", "x-y", "0", "A", "xn--fiqs8s", "中国", "0/25", `Floor\ 2`, `a\.b`, `\200x`, "n"+fmt.Sprint(g.IntN(1000)), strings.Repeat("l", 63))
}

func (g generator) name() string {
	labels := []string{}
	for range 1 + g.IntN(3) {
		labels = append(labels, g.label())
	}
	return strings.Join(labels, ".")
}

func (g generator) host() string {
	switch g.IntN(8) {
	case 0:
		return "@"
	case 1:
		return "*." + g.name()
	case 2:
		return g.pick(`\$`, `\036`) + g.name()
	default:
		return g.spoil(g.name())
	}
}

func (g generator) target() string {
	switch g.IntN(6) {
	case 0:
		return "@"
	case 1:
		return g.pick(".", "0.0.0.0", name253+".")
	default:
		return g.spoil(g.name() + g.pick("", "."))
	}
}

func (g generator) text() string {
	raw := make([]byte, g.IntN(300))
	for i := range raw {
		raw[i] = byte(' ' + g.IntN(95))
	}
	return g.spoil(string(raw) + g.pick("", "中文", "é"))
}

// quoted is sound presentation text for any octets.
func (g generator) quoted(limit int) string {
	var out strings.Builder
	out.WriteByte('"')
	for range g.IntN(limit) {
		switch c := byte(g.IntN(256)); {
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&out, `\%03d`, c)
		case c == '"' || c == '\\':
			out.WriteString(`\` + string(rune(c)))
		default:
			out.WriteByte(c)
		}
	}
	return g.spoil(out.String() + `"`)
}

// octets is the text of a type that has one of printable ASCII, now and then of other octets.
func (g generator) octets() string {
	return g.pick(g.quoted(256), `""`, g.spoil(`"letsencrypt.org; a=b (c) $d"`), g.spoil(`"https://a.com/?q=%20;x#`+g.label()+`"`))
}

func (g generator) hex(octets int) string {
	raw := make([]byte, octets)
	for i := range raw {
		raw[i] = byte(g.IntN(256))
	}
	return hex.EncodeToString(raw)
}

func (g generator) uint16() int { return g.IntN(1 << 16) }

// value makes a value for a record of the type.
func (g generator) value(rrtype string) string {
	switch rrtype {
	case "A":
		return g.spoil(fmt.Sprintf("%d.%d.%d.%d", g.IntN(256), g.IntN(256), g.IntN(256), g.IntN(256)))
	case "AAAA":
		return g.spoil(g.pick("::", "::1", "2001:db8::"+g.hex(2), "::ffff:1.2.3.4", "fe80::1"))
	case "MX":
		return g.spoil(fmt.Sprintf("%d %s", g.uint16(), g.target()))
	case "TXT":
		return g.pick(g.text(), g.quoted(256), g.quoted(100)+" "+g.quoted(100), `""`)
	case "SRV":
		return g.spoil(fmt.Sprintf("%d %d %d %s", g.uint16(), g.uint16(), g.uint16(), g.target()))
	case "CAA":
		return fmt.Sprintf("%d %s %s", g.IntN(256), g.pick("issue", "issuewild", "iodef", "X1"), g.octets())
	case "SSHFP":
		return g.spoil(fmt.Sprintf("%d ", g.IntN(256)) + g.pick("1 "+g.hex(20), "2 "+g.hex(32), "3 "+g.hex(8)))
	case "TLSA":
		return g.spoil(fmt.Sprintf("%d %d ", g.IntN(5), g.IntN(3)) + g.pick("0 "+g.hex(1+g.IntN(80)), "1 "+g.hex(32), "2 "+g.hex(64)))
	case "URI":
		return fmt.Sprintf("%d %d %s", g.uint16(), g.uint16(), g.octets())
	case "NAPTR":
		return g.spoil(fmt.Sprintf(`%d %d "%s" "%s" "%s" %s`, g.uint16(), g.uint16(), g.pick("", "U", "S", "SU", "zz"),
			g.pick("", "E2U+sip", "SIP+D2U", "x:y.z"), g.pick("", "!^.*$!sip:a@b.com!", `!^\\+86(.*)$!sip:\\1@b.com!i`, "!a.b!c!", "!(.*)(.*)!\\\\2!"), g.target()))
	case "HTTPS", "SVCB":
		return g.spoil(g.pick("0 "+g.target(), fmt.Sprintf(`%d %s alpn="h2,h3" port=%d`, 1+g.IntN(9), g.target(), g.uint16()), "1 . ipv4hint=192.0.2.1 key667=hello"))
	case "LOC":
		return g.spoil(fmt.Sprintf("%d %d %d.%03d N %d 0 0 W %d.%02dm", g.IntN(91), g.IntN(60), g.IntN(60), g.IntN(1000), g.IntN(181), g.uint16(), g.IntN(100)))
	case "DS":
		return g.spoil(fmt.Sprintf("%d %d ", g.uint16(), g.IntN(17)) + g.pick("1 "+g.hex(20), "2 "+g.hex(32), "4 "+g.hex(48)))
	case "AFSDB", "KX":
		return g.spoil(fmt.Sprintf("%d %s", g.uint16(), g.target()))
	case "TYPE65400":
		n := g.IntN(40)
		return g.spoil(fmt.Sprintf(`\# %d %s`, n, g.hex(n)))
	default:
		return g.target()
	}
}

// generatedTypes are those of which values are made: all that are read field by field, and
// some of each other kind.
func generatedTypes() []string {
	return []string{
		"A", "AAAA", "CNAME", "NS", "PTR", "MX", "TXT", "SRV", "CAA", "SSHFP", "TLSA", "NAPTR", "URI", "DNAME",
		"HTTPS", "SVCB", "LOC", "AFSDB", "KX", "TYPE65400", "DS",
	}
}

func (g generator) record() (host, rrtype, value string) {
	rrtype = g.pick(generatedTypes()...)
	return g.host(), rrtype, g.value(rrtype)
}

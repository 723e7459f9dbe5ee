package dns

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	mdns "github.com/miekg/dns"
)

// doubtful says why a value that can be served is most likely a mistake: nobody means
// what it says. Only what a client gives now is refused for it.
func doubtful(rr mdns.RR, value string) (problem string) {
	switch rr.(type) {
	case *mdns.TXT:
		if !isPresentation(value) {
			return doubtfulText(value)
		}
	case *mdns.MX, *mdns.SRV, *mdns.AFSDB, *mdns.KX, *mdns.RT, *mdns.HTTPS, *mdns.SVCB:
		return doubtfulHost(value)
	case *mdns.HINFO, *mdns.ISDN:
		if list, _ := tokens(value); len(list) == 1 && strings.ContainsAny(list[0].octets, " \t") {
			return "含空格的一个字符串会被读成两个，请分别写出两个字符串"
		}
	}
	return ""
}

// doubtfulHost refuses an IPv4 address in place of a host's name (RFC 1035, section
// 3.3.9): the name of that spelling does not exist.
func doubtfulHost(value string) string {
	list, _ := tokens(value)
	for _, t := range list[min(1, len(list)):] {
		if addr, err := netip.ParseAddr(strings.TrimSuffix(t.raw, ".")); err == nil && addr.Is4() {
			return "目标必须是主机名，不能是IP地址"
		}
	}
	return ""
}

// doubtfulText refuses a text, taken literally, that was copied from a zone file or a
// word processor and does not mean what was copied.
func doubtfulText(value string) string {
	text := strings.TrimSpace(value)
	first, last := endsOf(text)
	switch {
	case (first == '"' || last == '"') && strings.Count(text, `"`)%2 == 1, first == '"':
		return "两端有多余的双引号；要用双引号括起来，值的第一个字符就必须是双引号"
	case isTypographicQuote(first) || isTypographicQuote(last):
		return "两端有排版引号（例如“和”），请用半角双引号，或者不加引号"
	case strings.ContainsFunc(value, isInvisible):
		return "含有零宽字符、双向控制字符或字节序标记"
	case isMailPolicy(text) && (!isASCII(text) || strings.Contains(text, `\;`)):
		return "SPF、DKIM、DMARC记录不能含有非ASCII字符或“\\;”"
	default:
		return ""
	}
}

// endsOf returns the first and the last character of a text.
func endsOf(text string) (first, last rune) {
	first, _ = utf8.DecodeRuneInString(text)
	last, _ = utf8.DecodeLastRuneInString(text)
	return first, last
}

// isTypographicQuote says whether a character is a quotation mark of a word processor, or
// of a script other than ASCII.
func isTypographicQuote(r rune) bool {
	const others = "\u201a\u201e\u300c\u300d\u300e\u300f\u301d\u301e\u301f\uff02\uff07"
	return unicode.In(r, unicode.Pi, unicode.Pf) || strings.ContainsRune(others, r)
}

// isInvisible says whether a character takes no room: zero-width, bidirectional and
// byte-order characters, tags and soft hyphens.
func isInvisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) || r == '\u034f' || r == '\u180e'
}

// isMailPolicy says whether a text begins as SPF, DKIM and DMARC records do, whatever
// its case, its blanks and the width of its letters.
func isMailPolicy(text string) bool {
	begins := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case r >= '\uff01' && r <= '\uff5e':
			return unicode.ToLower(r - '\uff01' + '!')
		default:
			return unicode.ToLower(r)
		}
	}, text)
	for _, policy := range []string{"v=spf1", "v=dkim1", "v=dmarc1"} {
		if strings.HasPrefix(begins, policy) {
			return true
		}
	}
	return false
}

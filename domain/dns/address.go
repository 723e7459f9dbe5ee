package dns

import (
	"net/netip"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// ParseServerIP checks a name server's address and returns its canonical text.
// An IPv4 address in IPv6 form becomes IPv4; an address with a zone is refused.
func ParseServerIP(text string) (string, error) {
	addr, ok := parseAddr(text)
	if !ok {
		return "", domain.Invalid("ip", "必须是IPv4或IPv6地址！")
	}
	return addr.Unmap().String(), nil
}

func parseAddr(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(text)
	return addr, err == nil && addr.Zone() == ""
}

// ParseForwarders reads addresses separated by blanks, line ends, commas or
// semicolons and returns their canonical texts in the given order, without
// repeats. An empty text has none.
func ParseForwarders(text string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for word := range strings.FieldsFuncSeq(text, isListSeparator) {
		addr, ok := parseAddr(word)
		addr = addr.Unmap()
		if !ok || addr.IsMulticast() {
			return nil, domain.Invalid("forwarders", "%q不是IPv4或IPv6地址！", shorten(word))
		}
		if canonical := addr.String(); !seen[canonical] {
			seen[canonical] = true
			out = append(out, canonical)
		}
	}
	if len(out) > maxForwarders {
		return nil, domain.Invalid("forwarders", "不能超过%d个地址！", maxForwarders)
	}
	return out, nil
}

const maxForwarders = 64

func isListSeparator(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == ',' || r == ';'
}

// FormatForwarders writes forwarders as the API does: "0.0.0.0; 1.1.1.1;", or
// nothing for none. [ParseForwarders] reads it back.
func FormatForwarders(forwarders []string) string {
	if len(forwarders) == 0 {
		return ""
	}
	return strings.Join(forwarders, "; ") + ";"
}

// shorten keeps what is repeated from a request in an error text to one short line.
func shorten(text string) string {
	const limit = 64
	for i := range text {
		if i > limit {
			return text[:i] + "…"
		}
	}
	return text
}

package zonefile

import (
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

const root = "."

// absolute reads a name as named does, relative to an origin where it has no final dot. It
// returns the name in the spelling of names that were read from a message, with its final dot.
func absolute(raw, origin string) (string, *domain.Error) {
	switch {
	case raw == dns.Apex:
		return origin, nil
	case !soundEscapes(raw):
		return "", unsoundEscape(raw)
	case strings.Contains(raw, `\[`):
		return "", domain.Refused("%q has a label of a kind that is not in use any more", shown(raw))
	case !endsInDot(raw) && origin == root:
		raw += root
	case !endsInDot(raw):
		raw += root + origin
	}
	buf := make([]byte, 256)
	end, err := mdns.PackDomainName(raw, buf, 0, nil, false)
	if err != nil {
		return "", domain.Refused("%q is no domain name: labels have 1 to 63 octets, names up to 255", shown(raw))
	}
	name, _, err := mdns.UnpackDomainName(buf[:end], 0)
	if err != nil {
		return "", domain.Refused("%q is no domain name", shown(raw))
	}
	return name, nil
}

// endsInDot says whether a name ends with a dot that is no part of its last label.
func endsInDot(raw string) bool {
	rest, dot := strings.CutSuffix(raw, root)
	return dot && (len(rest)-len(strings.TrimRight(rest, `\`)))%2 == 0
}

func unsoundEscape(raw string) *domain.Error {
	return domain.Refused("%q has an escape that is none: a backslash stands before three digits up to 255, or before another character",
		shown(raw))
}

// soundEscapes says whether each backslash stands before three digits up to 255, or before
// a character that is no digit.
func soundEscapes(raw string) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		_, used := octet(raw[i+1:])
		if used == 0 {
			return false
		}
		i += used
	}
	return true
}

// octet reads what follows a backslash, and says how many characters that are, 0 for none.
func octet(text string) (c byte, used int) {
	switch {
	case text == "":
		return 0, 0
	case !isDigit(text[0]):
		return text[0], 1
	case len(text) < 3 || !isDigit(text[1]) || !isDigit(text[2]):
		return 0, 0
	}
	n := int(text[0]-'0')*100 + int(text[1]-'0')*10 + int(text[2]-'0')
	if n > 255 {
		return 0, 0
	}
	return byte(n), 3
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// octetsOf resolves the escapes of a text in which they are sound.
func octetsOf(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\\' {
			octet, used := octet(raw[i+1:])
			c, i = octet, i+used
		}
		out = append(out, c)
	}
	return string(out)
}

// shown keeps a text within an error.
func shown(raw string) string {
	const most = 80
	if len(raw) > most {
		return raw[:most] + "…"
	}
	return raw
}

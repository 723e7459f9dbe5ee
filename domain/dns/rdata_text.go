package dns

import (
	"strings"

	mdns "github.com/miekg/dns"
)

// maxCharacterString is the octets of one character-string (RFC 1035, section 3.3).
const maxCharacterString = 255

// parseTXT reads presentation text if the value starts with a quote. Else the
// whole value is one text, taken literally and cut into character-strings.
func parseTXT(_, value string) (mdns.RR, string) {
	if !strings.HasPrefix(value, `"`) {
		return &mdns.TXT{Txt: characterStrings(value)}, ""
	}
	list, problem := tokens(value)
	if problem != "" {
		return nil, problem
	}
	rr := &mdns.TXT{}
	for _, t := range list {
		if len(t.octets) > maxCharacterString {
			return nil, "双引号内的每个字符串不能超过255字节"
		}
		rr.Txt = append(rr.Txt, escaped(t.octets))
	}
	return rr, ""
}

// characterStrings cuts a text into pieces of at most 255 octets.
func characterStrings(text string) []string {
	var out []string
	for len(text) > maxCharacterString {
		out = append(out, escaped(text[:maxCharacterString]))
		text = text[maxCharacterString:]
	}
	return append(out, escaped(text))
}

package dns

import (
	"strings"

	mdns "github.com/miekg/dns"
)

// maxCharacterString is the octets of one character-string (RFC 1035, section 3.3).
const maxCharacterString = 255

// isPresentation says whether the value of a TXT record is presentation text, by its
// first character that is no blank. Any other value is one text, taken literally.
func isPresentation(value string) bool {
	value = strings.TrimLeft(value, " \t")
	return strings.HasPrefix(value, `"`) || strings.HasPrefix(value, "(")
}

// parseTXT reads presentation text as in a zone file, or else one text. Whatever is too
// long for a character-string is cut into several.
func parseTXT(_, value string) (mdns.RR, string) {
	if !isPresentation(value) {
		return &mdns.TXT{Txt: characterStrings(value)}, ""
	}
	list, problem := tokens(value)
	if problem != "" {
		return nil, problem
	}
	if len(list) == 0 {
		return nil, "没有任何字符串"
	}
	rr := &mdns.TXT{}
	for _, t := range list {
		rr.Txt = append(rr.Txt, characterStrings(t.octets)...)
	}
	return rr, ""
}

// literalTXT is the data of a TXT record that was written when only a value that began
// with a quote was presentation text.
func literalTXT(value string) RData {
	return newRData(&mdns.TXT{Txt: characterStrings(value)}, mdns.TypeTXT)
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

// IsText says whether the data of a type is texts alone.
func IsText(rrtype string) bool {
	number, known := TypeNumber(rrtype)
	return known && (number == mdns.TypeTXT || isTexts(number))
}

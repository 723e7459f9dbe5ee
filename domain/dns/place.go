package dns

import (
	"slices"
	"strings"
)

// Place returns a text that sorts, byte by byte, as a host that passed [ParseHost] does among
// the names of its zone in canonical order (RFC 4034, section 6.1): by the labels from the
// right, without case, a name before those below it. Spellings of one name have one place.
func Place(host string) string {
	if host == Apex {
		return ""
	}
	var labels []string
	for rest, more := host, true; more; {
		var label string
		label, rest, more = cutLabel(rest)
		labels = append(labels, placeOfLabel(label))
	}
	slices.Reverse(labels)
	return strings.Join(labels, betweenLabels)
}

// betweenLabels sorts before every octet of a label, and no octet is written as it.
const betweenLabels = "\x01"

// placeOfLabel writes each octet of a label as a character, two further on: PostgreSQL holds
// no NUL, and [betweenLabels] is the first of the rest. UTF-8 sorts as its characters do.
func placeOfLabel(label string) string {
	var out strings.Builder
	for i := 0; i < len(label); i++ {
		c := label[i]
		if c == '\\' {
			octet, used := unescape(label[i+1:])
			c, i = octet, i+used
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out.WriteRune(rune(c) + 2)
	}
	return out.String()
}

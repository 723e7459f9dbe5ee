package zoneupdate

import (
	"regexp"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// elsewhere is the name of a zone that nobody has. A value that means the same below it has no
// relative name.
const elsewhere = "relative-to-nothing.invalid"

// Content is the text of a record's data for clients who want absolute names and quoted texts: the
// record's own value if that is such a text, so that they read what they wrote.
func Content(zone string, d dns.RecordData) (string, error) {
	data, err := dns.ReadRData(zone, d)
	if err != nil {
		return "", err
	}
	text := data.String()
	switch {
	case d.Literal:
		return text, nil
	case strings.EqualFold(d.Value, text) && !strings.Contains(text, `="`), quotedText(d.Type, d.Value) && isPlain(d.Value) && absolute(d.Type, d.Value, text):
		return d.Value, nil
	case d.Type == "SVCB" || d.Type == "HTTPS":
		return unneededQuotes.ReplaceAllString(text, "=$1"), nil
	default:
		return text, nil
	}
}

// unneededQuotes stand around the value of a parameter that means the same without them.
var unneededQuotes = regexp.MustCompile(`="([^" \\;()]*)"`)

// quotedText says whether a value is quoted where it is a text.
func quotedText(rrtype, value string) bool {
	return !dns.IsText(rrtype) || strings.HasPrefix(value, `"`)
}

// absolute says whether a value means what the text says below any zone.
func absolute(rrtype, value, text string) bool {
	data, err := dns.ParseRData(elsewhere, rrtype, value)
	return err == nil && data.String() == text
}

// isPlain says whether a value is fields with one blank between them, each either quoted or not, as
// zone files have them on a line of their own; a text is quoted.
func isPlain(value string) bool {
	quoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == ')' || c == ';' || c == '\t' || c == ' ' && (i == 0 || i == len(value)-1 || value[i-1] == ' '):
			return false
		}
	}
	return true
}

// ParseContent returns the form in which a value is expected where it is none with absolute names and
// quoted texts: "" for one that is. The error says what is wrong with it in any form.
func ParseContent(rrtype, value string) (expected string, err error) {
	if !quotedText(rrtype, value) {
		return "", domain.Refused("Data field in DNS should start with quote (\") at position 0 of '%s'", domain.Shown(value))
	}
	data, err := dns.AcceptRData(elsewhere, rrtype, value)
	if err != nil {
		return "", err
	}
	if text := data.String(); strings.Contains(text, elsewhere) {
		return strings.ReplaceAll(strings.ReplaceAll(text, "."+elsewhere, ""), elsewhere+".", "."), nil
	}
	return "", nil
}

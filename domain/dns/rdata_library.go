package dns

import (
	"slices"
	"strings"

	mdns "github.com/miekg/dns"
)

// libraryParser reads the presentation form of a type through the library's zone parser.
// What the parser gets is one record, written anew from the value's fields.
func libraryParser(number uint16) parser {
	return func(origin, value string) (mdns.RR, string) {
		text, problem := writtenAnew(number, origin, value)
		if problem != "" {
			return nil, problem
		}
		zone := mdns.NewZoneParser(strings.NewReader(". 0 IN "+TypeName(number)+" "+text+"\n"), origin+".", "")
		rr, ok := zone.Next()
		if !ok || rr.Header().Rrtype != number {
			return nil, "不是该类型的格式"
		}
		if csync, ok := rr.(*mdns.CSYNC); ok { // their order is the wire's, not the writer's
			slices.Sort(csync.TypeBitMap)
			csync.TypeBitMap = slices.Compact(csync.TypeBitMap)
		}
		rr, sound := spelled(rr, number)
		if !sound {
			return nil, "不是该类型的格式"
		}
		return rr, malformed(rr)
	}
}

// writtenAnew writes the fields of a value for the library: printable ASCII, one blank
// between two, names absolute where they may be in another script.
func writtenAnew(number uint16, origin, value string) (text, problem string) {
	s := scanner{text: value, pairs: number == mdns.TypeSVCB || number == mdns.TypeHTTPS}
	if problem = s.scan(); problem != "" {
		return "", problem
	}
	out := make([]string, 0, len(s.list))
	for i, t := range s.list {
		switch {
		case t.quoted && isTexts(number):
			out = append(out, quotedStrings(t.octets))
		case t.quoted:
			out = append(out, `"`+escaped(t.octets)+`"`)
		case i == nameAt(number):
			name, problem := targetOrRoot(origin, t.raw)
			if problem != "" {
				return "", problem
			}
			out = append(out, name)
		case !isASCII(t.raw):
			return "", "引号外只能是ASCII字符"
		default:
			out = append(out, t.raw)
		}
	}
	return strings.Join(out, " "), ""
}

func targetOrRoot(origin, text string) (name, problem string) {
	if text == "." {
		return text, ""
	}
	return parseTarget(origin, text)
}

// nameAt is the field that is a domain name of people's choice, which may be an IDN.
func nameAt(number uint16) int {
	switch number {
	case mdns.TypeSVCB, mdns.TypeHTTPS, mdns.TypeAFSDB, mdns.TypeKX, mdns.TypeRT, mdns.TypeLP:
		return 1
	case mdns.TypeMB, mdns.TypeMG, mdns.TypeMR:
		return 0
	default:
		return -1
	}
}

// isTexts says whether a type's data is strings as that of TXT is.
func isTexts(number uint16) bool {
	return number == mdns.TypeSPF || number == mdns.TypeAVC || number == mdns.TypeNINFO || number == mdns.TypeRESINFO
}

// quotedStrings writes a text as quoted strings of at most 255 octets.
func quotedStrings(octets string) string {
	return `"` + strings.Join(characterStrings(octets), `" "`) + `"`
}

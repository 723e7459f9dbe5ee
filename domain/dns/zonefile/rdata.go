package zonefile

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// genericForm begins data in the generic form (RFC 3597).
const genericForm = `\#`

// belowRoot stands for the origin ".", below which package dns reads no relative names.
const belowRoot = "relative-below-root.invalid"

// readData reads the data of a record of the type from its fields. Names in it are relative to
// the origin.
func readData(origin, rrtype string, fields []token) (dns.RData, error) {
	value, refusal := valueOf(rrtype, fields)
	if refusal != nil {
		return dns.RData{}, refusal
	}
	relative := strings.TrimSuffix(origin, root)
	if relative == "" {
		relative = belowRoot
	}
	data, err := dns.AcceptRData(relative, rrtype, value)
	if err == nil && relative == belowRoot && strings.Contains(data.String(), belowRoot) {
		return data, domain.Refused("a name has no final dot below $ORIGIN .")
	}
	return data, err
}

// valueOf writes the fields of a record's data as clients write a value, so that it means here
// what the fields mean to named.
func valueOf(rrtype string, fields []token) (string, *domain.Error) {
	if len(fields) == 0 {
		return "", domain.Refused("the data is missing")
	}
	if least, most := fieldsOf(rrtype); (len(fields) < least || len(fields) > most) && fields[0].raw != genericForm {
		return "", domain.Refused("a record of type %s has another number of fields", rrtype)
	}
	generic := isGeneric(rrtype, fields)
	switch {
	case generic && rrtype == "TXT":
		return textsOf(fields[1:])
	case !generic && isReadHere(rrtype):
		return readHere(rrtype, fields)
	case !generic:
		if refusal := strict(rrtype, fields); refusal != nil {
			return "", refusal
		}
	}
	texts := isTexts(rrtype) && !generic
	var out strings.Builder
	for i, t := range fields {
		isValue := t.glued && hasKeys(rrtype) && strings.HasSuffix(fields[i-1].raw, "=")
		if refusal := checkField(rrtype, t, isValue || takesQuotes(rrtype, i), texts, generic); refusal != nil {
			return "", refusal
		}
		if i > 0 && !(isValue && t.quoted) {
			out.WriteByte(' ')
		}
		if t.quoted || texts {
			out.WriteString(`"` + asciiOf(t.raw) + `"`)
		} else {
			out.WriteString(asciiOf(t.raw))
		}
	}
	return out.String(), nil
}

// isGeneric says whether data are in the generic form. Of a TXT record \# is a string, unless a
// number follows.
func isGeneric(rrtype string, fields []token) bool {
	begins := fields[0].raw == genericForm && !fields[0].quoted
	if !begins || rrtype != "TXT" {
		return begins
	}
	if len(fields) == 1 || fields[1].quoted {
		return false
	}
	_, err := strconv.ParseUint(fields[1].raw, 10, 32)
	return err == nil
}

// textsOf reads the strings of a TXT record from the generic form, of which fields are the length
// and the hexadecimal digits: in a client's value it has no meaning.
func textsOf(fields []token) (value string, refusal *domain.Error) {
	var digits strings.Builder
	for _, t := range fields[1:] {
		if t.quoted {
			return "", domain.Refused("a record of type %s has no quoted field", "TXT")
		}
		digits.WriteString(t.raw)
	}
	length, _ := strconv.ParseUint(fields[0].raw, 10, 32) // as isGeneric has seen
	data, err := hex.DecodeString(digits.String())
	if err != nil || uint64(len(data)) != length || length == 0 {
		return "", domain.Refused("the data is not of the length that is written, or not hexadecimal")
	}
	var out strings.Builder
	for len(data) > 0 {
		end := 1 + int(data[0])
		if end > len(data) {
			return "", domain.Refused("the data does not consist of strings")
		}
		out.WriteString(` "`)
		for _, c := range data[1:end] {
			if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
				fmt.Fprintf(&out, `\%03d`, c)
			} else {
				out.WriteByte(c)
			}
		}
		out.WriteByte('"')
		data = data[end:]
	}
	return out.String(), nil
}

// fieldsOf is how many fields named wants of types that the library reads with fewer, or with
// more.
func fieldsOf(rrtype string) (least, most int) {
	switch rrtype {
	case "CERT", "DNSKEY", "KEY", "CDNSKEY", "RKEY", "DS", "CDS", "DLV", "TA", "TLSA", "SMIMEA", "ZONEMD":
		return 4, math.MaxInt
	case "SSHFP":
		return 3, math.MaxInt
	case "IPSECKEY":
		return 5, math.MaxInt
	default:
		return 1, math.MaxInt
	}
}

// longest is how many octets a character-string has at most.
const longest = 255

func checkField(rrtype string, t token, takesQuotes, texts, generic bool) *domain.Error {
	octets := t.raw
	if strings.IndexByte(t.raw, '\\') >= 0 && !generic {
		if !soundEscapes(t.raw) {
			return domain.Refused("%q has an escape that is none: a backslash stands before three digits up to 255, or before another character",
				shown(t.raw))
		}
		octets = octetsOf(t.raw)
	}
	switch {
	case texts && len(octets) > longest:
		return domain.Refused("a string has more than %d octets", longest)
	case t.quoted && (generic || !takesQuotes):
		return domain.Refused("a record of type %s has no quoted field", rrtype)
	}
	return nil
}

// isTexts says whether all of a type's data are strings.
func isTexts(rrtype string) bool {
	return slices.Contains([]string{"TXT", "SPF", "AVC", "NINFO", "RESINFO"}, rrtype)
}

// hasKeys says whether fields of the type are key="value".
func hasKeys(rrtype string) bool { return rrtype == "SVCB" || rrtype == "HTTPS" }

// takesQuotes says whether the field at a place may be quoted.
func takesQuotes(rrtype string, place int) bool {
	switch rrtype {
	case "CAA", "URI":
		return place == 2
	case "NAPTR":
		return 2 <= place && place <= 4
	default:
		return isTexts(rrtype)
	}
}

// asciiOf escapes octets that are no ASCII: a client's text would be read as UTF-8, and a name
// as an IDN. Its escapes are sound.
func asciiOf(raw string) string {
	if strings.IndexFunc(raw, func(r rune) bool { return r >= 0x80 }) < 0 {
		return raw
	}
	var out strings.Builder
	for i := 0; i < len(raw); i++ {
		c, escaped := raw[i], raw[i] == '\\'
		if escaped {
			i++
			c = raw[i]
		}
		switch {
		case c >= 0x80:
			fmt.Fprintf(&out, `\%03d`, c)
		case escaped:
			out.WriteByte('\\')
			fallthrough
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// wireOf returns a record's data as it is on the wire, with its names in lower case and, if
// that is another text, as they were written.
func wireOf(data dns.RData) (folded, written string, err error) {
	rr := data.RR(root, 0)
	if folded, err = zonedata.Data(rr); err != nil {
		return "", "", err
	}
	buf := make([]byte, mdns.Len(rr)+16)
	end, err := mdns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return "", "", err
	}
	const header = 1 + 10
	if written = string(buf[header:end]); written == folded {
		written = folded
	}
	return folded, written, nil
}

// Value returns a text by which a client would write data of the type that is written so on the
// wire, in a zone.
func Value(zone string, rrtype uint16, wire string) (string, error) {
	rr, err := zonedata.RR(root, rrtype, 0, wire)
	if err != nil {
		return "", err
	}
	generic := fmt.Sprintf(`\# %d %x`, len(wire), wire)
	for _, value := range []string{strings.TrimPrefix(rr.String(), rr.Header().String()), generic} {
		data, err := dns.ParseRData(zone, dns.TypeName(rrtype), value)
		if err != nil {
			continue
		}
		if _, again, err := wireOf(data); err == nil && again == wire {
			return value, nil
		}
	}
	return "", domain.Refused("data of type %s has no text that means it", dns.TypeName(rrtype))
}

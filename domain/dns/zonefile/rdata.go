package zonefile

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// belowRoot stands for the origin ".", below which package dns reads no relative names.
const belowRoot = "relative-below-root.invalid"

// readData reads the data of a record of the type from its fields. Names in it are relative to
// the origin.
func readData(origin, rrtype string, fields []token) (dns.RData, error) {
	if len(fields) == 0 {
		return dns.RData{}, domain.Refused("the data is missing")
	}
	octets, is, refusal := octetsFrom(rrtype, fields)
	switch {
	case refusal != nil:
		return dns.RData{}, refusal
	case is:
		return dns.AcceptOctets(rrtype, octets)
	}
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
	if least, most := fieldsOf(rrtype); len(fields) < least || len(fields) > most {
		return "", domain.Refused("a record of type %s has another number of fields", rrtype)
	}
	if refusal := strict(rrtype, fields); refusal != nil {
		return "", refusal
	}
	var out strings.Builder
	for i, t := range fields {
		isValue := t.glued && hasKeys(rrtype) && strings.HasSuffix(fields[i-1].raw, "=")
		switch {
		case !soundEscapes(t.raw):
			return "", unsoundEscape(t.raw)
		case t.quoted && !isValue && !takesQuotes(rrtype, i):
			return "", domain.Refused("a record of type %s has no quoted field", rrtype)
		case i > 0 && !(isValue && t.quoted):
			out.WriteByte(' ')
		}
		if t.quoted {
			out.WriteString(`"` + asciiOf(t.raw) + `"`)
		} else {
			out.WriteString(asciiOf(t.raw))
		}
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
		return false
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

// literal is the text of a TXT record as a client may write it without quotes and escapes: longer
// ones fit into a value so. It is cut into strings as long as they may be.
func literal(rr mdns.RR) string {
	txt, is := rr.(*mdns.TXT)
	if !is {
		return ""
	}
	return octetsOf(strings.Join(txt.Txt, ""))
}

// wireOf returns a record's data as it is on the wire, with its names in lower case and, if
// that is another text, as they were written.
func wireOf(data dns.RData) (folded, written string, err error) {
	rr := data.RR(root, 0)
	if written, err = pack(rr); err != nil {
		return "", "", err
	}
	if !dns.FoldNames(rr) {
		return written, written, nil
	}
	folded, err = pack(rr)
	return folded, written, err
}

// pack is the data of a record of the root as it is on the wire.
func pack(rr mdns.RR) (string, error) {
	buf := make([]byte, mdns.Len(rr)+16)
	end, err := mdns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return "", err
	}
	const header = 1 + 10
	return string(buf[header:end]), nil
}

// Value returns a text by which a client would write data of the type that is written so on the
// wire, in a zone.
func Value(zone string, rrtype uint16, wire string) (string, error) {
	if value := address(rrtype, wire); value != "" {
		return value, nil
	}
	rr, err := zonedata.RR(root, rrtype, 0, wire)
	if err != nil {
		return "", err
	}
	generic := fmt.Sprintf(`\# %d %x`, len(wire), wire)
	for _, value := range []string{strings.TrimPrefix(rr.String(), rr.Header().String()), generic, literal(rr)} {
		data, err := dns.ParseRData(zone, dns.TypeName(rrtype), value)
		if err != nil {
			continue
		}
		if again, err := pack(data.RR(root, 0)); err == nil && again == wire {
			return value, nil
		}
	}
	return "", domain.Refused("data of type %s has no text that means it", dns.TypeName(rrtype))
}

// address is the text of most records' data, which is known to mean it; empty for any other.
func address(rrtype uint16, wire string) string {
	switch {
	case rrtype == mdns.TypeA && len(wire) == net.IPv4len, rrtype == mdns.TypeAAAA && len(wire) == net.IPv6len:
	default:
		return ""
	}
	is, _ := netip.AddrFromSlice([]byte(wire)) // of a length that an address has
	if is.Is4In6() {
		return ""
	}
	return is.String()
}

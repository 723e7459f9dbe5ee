package zonefile

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// strict refuses fields that package dns would read, and named does not, or otherwise.
func strict(rrtype string, fields []token) *domain.Error {
	for i, t := range fields {
		isName := isNameAt(rrtype, i)
		switch {
		case isName && strings.Contains(t.raw, `\[`):
			return domain.Refused("%q has a label of a kind that is not in use any more", shown(t.raw))
		case !isName && !t.quoted && !isTextAt(rrtype, i) && strings.Contains(t.raw, `\`):
			return domain.Refused("%q must have no escapes", shown(t.raw))
		}
	}
	switch rrtype {
	case "NID", "L64", "L32":
		return strictLocator(rrtype, fields)
	case "URI":
		if last := fields[len(fields)-1]; !last.quoted {
			return domain.Refused("the target of a URI record stands in double quotes")
		}
	case "SVCB", "HTTPS":
		return strictKeys(fields)
	case "CSYNC":
		return strictTypes(fields[min(2, len(fields)):])
	}
	if at, has := algorithmAt[rrtype]; has && len(fields) > at && !isMnemonic(rrtype, fields, at) {
		return domain.Refused("%q is no algorithm, or type of certificate: write its number", shown(fields[at].raw))
	}
	if from, has := base64From[rrtype]; has && len(fields) > from {
		return strictBase64(fields[from:])
	}
	return nil
}

// isNameAt says whether the field at a place is a domain name.
func isNameAt(rrtype string, place int) bool {
	switch rrtype {
	case "CNAME", "NS", "PTR", "DNAME", "MB", "MG", "MR", "NSAP-PTR":
		return place == 0
	case "RP", "MINFO", "TALINK":
		return place <= 1
	case "MX", "AFSDB", "KX", "RT", "LP", "SVCB", "HTTPS":
		return place == 1
	case "PX":
		return place == 1 || place == 2
	case "SRV", "IPSECKEY", "AMTRELAY":
		return place == 3
	case "HIP":
		return place >= 3
	case "NAPTR":
		return place == 5
	default:
		return false
	}
}

// isTextAt says whether the field at a place is a string.
func isTextAt(rrtype string, place int) bool {
	return takesQuotes(rrtype, place) || hasKeys(rrtype) && place >= 2
}

// algorithmAt has the place of a type's field that is an algorithm of DNSSEC.
var algorithmAt = map[string]int{
	"DNSKEY": 2, "CDNSKEY": 2, "KEY": 2, "RKEY": 2, "CERT": 2, "DS": 1, "CDS": 1, "DLV": 1, "TA": 1,
}

// isMnemonic says whether an algorithm, and the type of a certificate, has no name that the
// library alone knows.
func isMnemonic(rrtype string, fields []token, at int) bool {
	return !strings.Contains(fields[at].raw, "-") && (rrtype != "CERT" || !strings.EqualFold(fields[0].raw, "IPIX"))
}

// base64From has the place at which the base64 data of a type begin.
var base64From = map[string]int{
	"DNSKEY": 3, "CDNSKEY": 3, "KEY": 3, "RKEY": 3, "CERT": 3, "OPENPGPKEY": 0, "DHCID": 0, "IPSECKEY": 4,
}

// strictBase64 wants the bits behind the last octet to be 0, as named does.
func strictBase64(fields []token) *domain.Error {
	var text strings.Builder
	for _, t := range fields {
		text.WriteString(t.raw)
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(text.String()); err != nil {
		return domain.Refused("%q is not base64", shown(text.String()))
	}
	return nil
}

var (
	identifier = regexp.MustCompile(`^[0-9a-fA-F]{4}(:[0-9a-fA-F]{4}){3}$`)
	dottedQuad = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,3}){3}$`)
)

func strictLocator(rrtype string, fields []token) *domain.Error {
	form := identifier
	if rrtype == "L32" {
		form = dottedQuad
	}
	if len(fields) != 2 || !form.MatchString(fields[1].raw) {
		return domain.Refused("a record of type %s has a preference, and a locator or an identifier in its full length", rrtype)
	}
	return nil
}

// strictTypes checks names of types, of which the library takes any with a number at the end.
func strictTypes(fields []token) *domain.Error {
	for _, t := range fields {
		switch strings.ToUpper(t.raw) {
		case "SOA", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM": // which no client's record is of
			continue
		}
		if _, err := dns.ParseRecordType(t.raw); err != nil {
			return domain.Refused("%q is no type", shown(t.raw))
		}
	}
	return nil
}

var (
	// keyName is one that named knows. By its number it takes another form of its value.
	keyName = regexp.MustCompile(`^(mandatory|alpn|no-default-alpn|port|ipv4hint|ech|ipv6hint|dohpath|key([89]|[1-9][0-9]{1,4}))$`)
	// emptyInList is a list with nothing before a comma, or behind one.
	emptyInList = regexp.MustCompile(`^,|,,|,$`)
	dohPath     = regexp.MustCompile(`^/[A-Za-z0-9/._~-]*\{\?dns\}$`)
)

// strictKeys checks the parameters of SVCB and HTTPS.
func strictKeys(fields []token) *domain.Error {
	for i, t := range fields[min(2, len(fields)):] {
		if t.quoted {
			continue // the value of the field before
		}
		name, value, has := strings.Cut(t.raw, "=")
		if next := i + 3; value == "" && next < len(fields) && fields[next].quoted && fields[next].glued {
			value = fields[next].raw
		}
		names := []string{name}
		if name == "mandatory" {
			names = append(names, strings.Split(value, ",")...)
		}
		if !slices.ContainsFunc(names, func(name string) bool { return !keyName.MatchString(name) }) &&
			!emptyInList.MatchString(value) && (name != "dohpath" || dohPath.MatchString(value)) && (has || value == "") {
			continue
		}
		return domain.Refused("%q is no parameter that is taken: those of RFC 9460, dohpath with {?dns}, and key with a number", shown(t.raw))
	}
	return nil
}

package dns

import (
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
)

// RecordTypes lists the types that have a mnemonic. Beside them a record may have any
// other type by its number, as TYPE65400.
func RecordTypes() []string {
	return []string{
		"A", "AAAA", "CNAME", "NS", "PTR", "MX", "TXT", "SRV", "CAA", "SSHFP", "TLSA", "NAPTR", "URI", "DNAME", "DS", "HTTPS", "SVCB", "LOC",
		"AFSDB", "AMTRELAY", "APL", "AVC", "CDNSKEY", "CDS", "CERT", "CSYNC", "DHCID", "DLV", "DNSKEY", "EID", "EUI48", "EUI64", "GPOS",
		"HINFO", "HIP", "IPSECKEY", "ISDN", "KEY", "KX", "L32", "L64", "LP", "MB", "MG", "MINFO", "MR", "NID", "NIMLOC", "NINFO",
		"NSAP-PTR", "NULL", "OPENPGPKEY", "PX", "RESINFO", "RKEY", "RP", "RT", "SMIMEA", "SPF", "TA", "TALINK", "X25", "ZONEMD",
	}
}

// parsers has the types whose values are read field by field, see [parserOf].
func parsers(rrtype string) parser {
	switch rrtype {
	case "A":
		return parseA
	case "AAAA":
		return parseAAAA
	case "CNAME":
		return parseCNAME
	case "NS":
		return parseNS
	case "PTR":
		return parsePTR
	case "MX":
		return parseMX
	case "TXT":
		return parseTXT
	case "SRV":
		return parseSRV
	case "CAA":
		return parseCAA
	case "SSHFP":
		return parseSSHFP
	case "TLSA":
		return parseTLSA
	case "NAPTR":
		return parseNAPTR
	case "URI":
		return parseURI
	case "DNAME":
		return parseDNAME
	default:
		return nil
	}
}

// parserOf returns a type's number and what reads its values, nil for a type that no
// record may have. A type without a mnemonic has the generic form alone (RFC 3597).
func parserOf(rrtype string) (uint16, parser) {
	if read := parsers(rrtype); read != nil {
		return mdns.StringToType[rrtype], read
	}
	number, known := TypeNumber(rrtype)
	switch {
	case !known || refusedType(number) != "" || TypeName(number) != rrtype:
		return 0, nil
	case strings.HasPrefix(rrtype, "TYPE") || rrtype == "NULL":
		return number, genericParser(number)
	default:
		return number, libraryParser(number)
	}
}

// HasPlainText says whether data of the type is read and written here field by field, so
// that its text means the same to named.
func HasPlainText(number uint16) bool { return parsers(TypeName(number)) != nil }

// TypeName is the mnemonic of a type, or TYPE and its number for one that has none here:
// named and the library that reads messages do not know the same ones.
func TypeName(number uint16) string {
	switch number {
	case mdns.TypeUINFO, mdns.TypeUID, mdns.TypeGID, mdns.TypeUNSPEC, mdns.TypeATMA, mdns.TypeNone, mdns.TypeReserved, mdns.TypeNXNAME:
		// they have no presentation form to named, or none to the library
	default:
		if name := mdns.TypeToString[number]; name != "" {
			return name
		}
	}
	return "TYPE" + strconv.Itoa(int(number))
}

// TypeNumber reads a mnemonic or TYPE and a number (RFC 3597, section 5), in upper case.
func TypeNumber(rrtype string) (number uint16, known bool) {
	if digits, generic := strings.CutPrefix(rrtype, "TYPE"); generic {
		n, err := strconv.ParseUint(digits, 10, 16)
		return uint16(n), err == nil && strconv.FormatUint(n, 10) == digits
	}
	number, known = mdns.StringToType[rrtype]
	return number, known && TypeName(number) == rrtype
}

// ParseRecordType returns the type's mnemonic in upper case, or TYPE and its number for a
// type without one; TYPE28 is AAAA.
func ParseRecordType(text string) (string, error) {
	rrtype := strings.ToUpper(text)
	number, known := TypeNumber(rrtype)
	if !known {
		return "", domain.Invalid("record_type", "不支持的记录类型%q，支持：%s，以及TYPE加编号（RFC 3597）", shorten(text), strings.Join(RecordTypes(), "/"))
	}
	if why := refusedType(number); why != "" {
		return "", domain.Invalid("record_type", "不能添加%s记录：%s！", TypeName(number), why)
	}
	return TypeName(number), nil
}

// refusedType says why no client may own a record of the type, empty for the types that
// clients may own.
func refusedType(number uint16) string {
	const firstMeta, lastMeta = 128, 255 // RFC 6895, section 3.1
	switch number {
	case mdns.TypeSOA:
		return "SOA由系统生成，每个Zone只有一个"
	case mdns.TypeRRSIG, mdns.TypeNSEC, mdns.TypeNSEC3, mdns.TypeNSEC3PARAM, mdns.TypeSIG, mdns.TypeNXT:
		return "它由DNSSEC签名过程生成，不是Zone里的数据"
	case keydata, signingState:
		return "它是BIND内部使用的类型"
	case mdns.TypeMD, mdns.TypeMF:
		return "它已废弃（RFC 973），BIND不加载；请用MX"
	case mdns.TypeOPT:
		return "它是伪类型，只出现在报文里，不属于任何Zone"
	case mdns.TypeNone, mdns.TypeReserved:
		return "它是保留的类型编号"
	}
	if number >= firstMeta && number <= lastMeta {
		return "它是查询类型或元类型，只出现在报文里，不属于任何Zone"
	}
	return ""
}

// MadeBySigner says whether records of the type are made when a zone is signed, and are no data of
// the zone.
func MadeBySigner(number uint16) bool {
	switch number {
	case mdns.TypeRRSIG, mdns.TypeNSEC, mdns.TypeNSEC3, mdns.TypeNSEC3PARAM, mdns.TypeSIG, mdns.TypeNXT, signingState:
		return true
	default:
		return false
	}
}

// KeyOfSigner says whether records of the type tell of the keys that a zone is signed with. They are
// of use as long as it is signed.
func KeyOfSigner(number uint16) bool {
	return number == mdns.TypeDNSKEY || number == mdns.TypeCDNSKEY || number == mdns.TypeCDS
}

// Types that BIND keeps for itself: what it knows of trust anchors, and how far it has
// come with signing a zone.
const (
	keydata      = 65533
	signingState = 65534
)

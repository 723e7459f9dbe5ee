package dns

import (
	"strings"
	"unicode"
	"unicode/utf8"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
)

// RData is the checked data of one record. It is built field by field from
// tokens; no text of a client is ever read as zone file text, so there are no
// directives, comments, continuation lines or other records in it.
//
// Invariants:
//  1. It packs into a wire message and loads in named.
//  2. Every name in it is absolute.
type RData struct{ rr mdns.RR }

// maxValue is how many octets a record's value may have.
const maxValue = 8 << 10

// parser reads the value of one type of record.
type parser func(origin, value string) (mdns.RR, string)

// parserOf returns the parser of a type, nil for types that are not served.
// SOA is generated; types that DNSSEC signing makes, and those that occlude or
// rewrite names (DNAME, ANY), are not for clients.
func parserOf(rrtype string) parser {
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
	default:
		return nil
	}
}

// RecordTypes lists the types that a record may have.
func RecordTypes() []string {
	return []string{"A", "AAAA", "CNAME", "NS", "PTR", "MX", "TXT", "SRV", "CAA", "SSHFP", "TLSA", "NAPTR", "URI"}
}

// ParseRecordType returns the type's mnemonic in upper case.
func ParseRecordType(text string) (string, error) {
	rrtype := strings.ToUpper(text)
	if parserOf(rrtype) == nil {
		return "", domain.Invalid("record_type", "不支持的记录类型%q，支持：%s", shorten(text), strings.Join(RecordTypes(), "/"))
	}
	return rrtype, nil
}

// ParseRData reads the value of a record of the given type (upper case). Names
// without a final dot are relative to origin, the zone's name; "@" is the origin.
func ParseRData(origin, rrtype, value string) (RData, error) {
	parse := parserOf(rrtype)
	if parse == nil {
		return RData{}, domain.Invalid("record_type", "不支持的记录类型%q！", shorten(rrtype))
	}
	if len(value) > maxValue {
		return RData{}, domain.Invalid("value", "不能超过%d字节！", maxValue)
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, notInValue) {
		return RData{}, domain.Invalid("value", "不能包含控制字符，且必须是合法的UTF-8文本！")
	}
	rr, problem := parse(origin, value)
	if problem != "" {
		return RData{}, domain.Invalid("value", "%s记录的值不正确：%s", rrtype, problem)
	}
	*rr.Header() = mdns.RR_Header{Name: ".", Rrtype: mdns.StringToType[rrtype], Class: mdns.ClassINET}
	return RData{rr: rr}, nil
}

func notInValue(r rune) bool { return unicode.IsControl(r) && r != '\t' }

// Type is the type's mnemonic.
func (d RData) Type() string { return mdns.TypeToString[d.rr.Header().Rrtype] }

// String is the data in presentation form, with absolute names.
func (d RData) String() string { return strings.TrimPrefix(d.rr.String(), d.rr.Header().String()) }

// Canonical is equal for two values of a type if and only if they are the same
// data: names compare without case.
func (d RData) Canonical() string {
	folded := RData{rr: mdns.Copy(d.rr)}
	if name := nameField(folded.rr); name != nil {
		*name = strings.ToLower(*name)
	}
	return folded.String()
}

// WireLen is the octets that the data takes in a message, uncompressed.
func (d RData) WireLen() int { return mdns.Len(d.rr) - mdns.Len(&mdns.ANY{Hdr: *d.rr.Header()}) }

// RR returns the data as a record of its own. Owner is absolute.
func (d RData) RR(owner string, ttl uint32) mdns.RR {
	rr := mdns.Copy(d.rr)
	rr.Header().Name, rr.Header().Ttl = owner, ttl
	return rr
}

// RecordRR returns the record that a name server serves for d in the named zone.
func RecordRR(zone string, d RecordData) (mdns.RR, error) {
	if _, err := ParseHost(d.Host); err != nil {
		return nil, err
	}
	owner, err := OwnerName(d.Host, zone)
	if err != nil {
		return nil, err
	}
	rdata, err := ParseRData(zone, d.Type, d.Value)
	if err != nil {
		return nil, err
	}
	return rdata.RR(owner, d.TTL), nil
}

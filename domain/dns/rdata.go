package dns

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
)

// RData is the checked data of one record. It is built from the fields of a value; a
// client's text is never read as zone file text as it is, so there are no directives, no
// continuation lines and no other records in it.
//
// Invariants:
//  1. It packs into a wire message, reads back from it as the same, and loads in named.
//  2. Every name in it is absolute.
type RData struct{ rr mdns.RR }

// maxValue is how many octets a record's value may have.
const maxValue = 8 << 10

// parser reads the value of one type of record.
type parser func(origin, value string) (mdns.RR, string)

// AcceptRData is [ParseRData] for a value that a client gives now: it also refuses what
// was meant otherwise for all that one can see. What a record of the log may have is not
// refused by it when the record is served.
func AcceptRData(origin, rrtype, value string) (RData, error) {
	data, err := ParseRData(origin, rrtype, value)
	if err != nil {
		return RData{}, err
	}
	if problem := doubtful(data.rr, value); problem != "" {
		return RData{}, domain.Invalid("value", "%s记录的值不正确：%s", rrtype, domain.Phrase(problem))
	}
	return data, nil
}

// ReadRData reads the value of a record of the named zone as the record's event meant it.
func ReadRData(zone string, d RecordData) (RData, error) {
	if d.Literal {
		return literalTXT(d.Value), nil
	}
	return ParseRData(zone, d.Type, d.Value)
}

// ParseRData reads the value of a record of the given type, as [ParseRecordType] returns
// it. Names without a final dot are relative to origin, the zone's name; "@" is the origin.
func ParseRData(origin, rrtype, value string) (RData, error) {
	number, read := parserOf(rrtype)
	if read == nil {
		return RData{}, domain.Invalid("record_type", "不支持的记录类型%q！", shorten(rrtype))
	}
	if len(value) > maxValue {
		return RData{}, domain.Invalid("value", "不能超过%d字节！", maxValue)
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, notInValue) {
		return RData{}, domain.Invalid("value", "不能包含控制字符，且必须是合法的UTF-8文本！")
	}
	if number != mdns.TypeTXT && isGeneric(value) {
		read = genericParser(number)
	}
	rr, problem := read(origin, value)
	if problem != "" {
		return RData{}, domain.Invalid("value", "%s记录的值不正确：%s", rrtype, domain.Phrase(problem))
	}
	if strings.IndexByte(value, '\\') >= 0 && number != mdns.TypeTXT {
		var sound bool
		if rr, sound = spelled(rr, number); !sound {
			return RData{}, domain.Invalid("value", "%s记录的值不正确！", rrtype)
		}
	}
	return newRData(rr, number), nil
}

func newRData(rr mdns.RR, number uint16) RData {
	*rr.Header() = mdns.RR_Header{Name: ".", Rrtype: number, Class: mdns.ClassINET}
	return RData{rr: rr}
}

func notInValue(r rune) bool { return unicode.IsControl(r) && r != '\t' }

// Number is the type's number.
func (d RData) Number() uint16 { return d.rr.Header().Rrtype }

// Type is the type's mnemonic, or TYPE and its number.
func (d RData) Type() string { return TypeName(d.rr.Header().Rrtype) }

// String is the data in presentation form, with absolute names.
func (d RData) String() string {
	if unknown, ok := d.rr.(*mdns.RFC3597); ok {
		return fmt.Sprintf(`%s %d %s`, genericToken, len(unknown.Rdata)/2, unknown.Rdata)
	}
	return strings.TrimPrefix(d.rr.String(), d.rr.Header().String())
}

// Canonical is equal for two values of a type if and only if they are the same
// data: names, and the tags of CAA (RFC 8659, section 4.1), compare without case.
func (d RData) Canonical() string {
	folded := mdns.Copy(d.rr)
	FoldNames(folded)
	if caa, ok := folded.(*mdns.CAA); ok {
		caa.Tag = strings.ToLower(caa.Tag)
	}
	wire, _ := pack(folded) // invariant 1
	return wire
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
	rdata, err := ReadRData(zone, d)
	if err != nil {
		return nil, err
	}
	return rdata.RR(spelledName(owner), d.TTL), nil
}

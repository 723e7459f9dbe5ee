package dns

import (
	"encoding/hex"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
)

// genericToken begins the generic form of a record's data: \# length hexadecimal (RFC
// 3597, section 5).
const genericToken = `\#`

// isGeneric says whether a value has the generic form.
func isGeneric(value string) bool {
	rest, begins := strings.CutPrefix(strings.TrimLeft(value, " \t"), genericToken)
	return begins && (rest == "" || endsField(rest[0]))
}

// genericParser reads the generic form of a type.
func genericParser(number uint16) parser {
	return func(_, value string) (mdns.RR, string) {
		data, problem := genericData(value)
		if problem != "" {
			return nil, problem
		}
		return fromOctets(number, data)
	}
}

// fromOctets reads data as it is on the wire. Data of a type that has a presentation form is
// what that form would give, so that it has passed the same checks.
func fromOctets(number uint16, data string) (rr mdns.RR, problem string) {
	rr, sound := unpack(number, data)
	if !sound || !wellFormed(number, data) {
		return nil, "数据不是该类型的格式"
	}
	read := parsers(TypeName(number))
	if read == nil {
		return rr, malformed(rr)
	}
	again, problem := read(".", strings.TrimPrefix(rr.String(), rr.Header().String()))
	if problem != "" {
		return nil, problem
	}
	if same, err := pack(newRData(again, number).rr); err != nil || same != data {
		return nil, "数据不是该类型的格式"
	}
	return again, ""
}

// AcceptOctets is [AcceptRData] for data as it is on the wire, uncompressed, with as many octets
// as there are.
func AcceptOctets(rrtype, data string) (RData, error) {
	number, read := parserOf(rrtype)
	if read == nil {
		return RData{}, domain.Invalid("record_type", "不支持的记录类型%q！", shorten(rrtype))
	}
	rr, problem := fromOctets(number, data)
	if problem != "" {
		return RData{}, domain.Invalid("value", "%s记录的值不正确：%s", rrtype, domain.Phrase(problem))
	}
	return newRData(rr, number), nil
}

// genericData returns the octets that the generic form stands for.
func genericData(value string) (data, problem string) {
	list, problem := tokens(value)
	if problem != "" {
		return "", problem
	}
	const form = `应为“\# 长度 十六进制数据”（RFC 3597）`
	if len(list) < 2 || list[0].raw != genericToken {
		return "", form
	}
	length, err := strconv.ParseUint(list[1].raw, 10, 16)
	if err != nil {
		return "", form
	}
	var digits strings.Builder
	for _, t := range list[2:] {
		digits.WriteString(t.raw)
	}
	octets, err := hex.DecodeString(digits.String())
	if err != nil {
		return "", form
	}
	if uint64(len(octets)) != length {
		return "", "数据的字节数与所写的长度不符"
	}
	return string(octets), ""
}

// wellFormed checks what named asks of the data of types that the library does not know.
func wellFormed(number uint16, data string) bool {
	const (
		typeWKS, typeNSAP, typeATMA, typeA6, typeSINK, typeDSYNC, typeHHIT, typeBRID, typeDOA, typeWALLET = 11, 22, 34, 38, 40, 66, 67, 68, 259, 262
	)
	switch number {
	case typeWKS: // address, protocol and a bit map
		return len(data) >= 5 && len(data) <= 5+8192 && (len(data) == 5 || data[len(data)-1] != 0)
	case typeNSAP, typeHHIT, typeBRID:
		return len(data) >= 1
	case typeATMA: // format and address
		return len(data) >= 2 && (data[0] != 1 || !strings.ContainsFunc(data[1:], func(r rune) bool { return r < '0' || r > '9' }))
	case typeA6:
		return wellFormedA6(data)
	case typeSINK: // meaning, coding, subcoding
		return len(data) >= 3
	case typeDSYNC: // type, scheme, port, name
		return len(data) > 5 && isName(data[5:])
	case typeWALLET:
		return areTexts(data)
	case typeDOA: // enterprise, type, location, media type, data
		return len(data) >= 10 && 10+int(data[9]) <= len(data)
	default:
		return true
	}
}

// wellFormedA6 reads a prefix length, the address behind it and, if it is not 0, a name.
func wellFormedA6(data string) bool {
	if data == "" || data[0] > 128 {
		return false
	}
	prefix := int(data[0])
	octets := 16 - prefix/8
	if len(data) < 1+octets || octets > 0 && prefix%8 != 0 && data[1]>>(8-prefix%8) != 0 {
		return false
	}
	rest := data[1+octets:]
	if prefix == 0 {
		return rest == ""
	}
	return isName(rest)
}

// isName says whether data is a domain name and nothing else.
func isName(data string) bool {
	length := nameLen(data)
	return length > 0 && length == len(data)
}

// nameLen is how many octets the uncompressed domain name has that data begins with, 0 for none.
func nameLen(data string) int {
	const longest, longestLabel = 255, 63
	for at := 0; at < min(len(data), longest); at += 1 + int(data[at]) {
		switch {
		case data[at] == 0:
			return at + 1
		case data[at] > longestLabel:
			return 0
		}
	}
	return 0
}

// areTexts says whether data is one character-string, or several.
func areTexts(data string) bool {
	_, sound := unpack(mdns.TypeTXT, data)
	return sound && data != ""
}

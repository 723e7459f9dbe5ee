package zonefile

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// genericForm begins data in the generic form (RFC 3597).
const genericForm = `\#`

// octetsFrom reads data that need no reader but this: in the generic form, or of a type that is
// strings alone, or that the library reads otherwise than named, which takes strings with blanks for
// two and degrees for floating-point numbers. It says whether they are such data.
func octetsFrom(rrtype string, fields []token) (data string, is bool, refusal *domain.Error) {
	least, most := stringsOf(rrtype)
	switch {
	case isGeneric(rrtype, fields):
		data, refusal = genericData(rrtype, fields[1:])
	case rrtype == "LOC":
		data, refusal = location(fields)
	case most == 0:
		return "", false, nil
	case len(fields) < least || len(fields) > most:
		refusal = domain.Refused("a record of type %s has another number of fields", rrtype)
	default:
		data, refusal = characterStrings(rrtype, fields)
	}
	return data, true, refusal
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

// genericData reads the generic form, of which fields are the length and the hexadecimal digits.
func genericData(rrtype string, fields []token) (data string, refusal *domain.Error) {
	var digits strings.Builder
	length := uint64(math.MaxUint64)
	for i, t := range fields {
		switch {
		case t.quoted:
			return "", domain.Refused("a record of type %s has no quoted field", rrtype)
		case i > 0:
			digits.WriteString(t.raw)
		default:
			if n, err := strconv.ParseUint(t.raw, 10, 16); err == nil {
				length = n
			}
		}
	}
	octets, err := hex.DecodeString(digits.String())
	if err != nil || uint64(len(octets)) != length {
		return "", domain.Refused("the data is not of the length that is written, or not hexadecimal")
	}
	return string(octets), nil
}

// stringsOf is how many strings the data of a type have, if they are strings alone.
func stringsOf(rrtype string) (least, most int) {
	switch rrtype {
	case "TXT", "SPF", "AVC", "NINFO", "RESINFO":
		return 1, math.MaxInt
	case "X25":
		return 1, 1
	case "HINFO", "ISDN": // whose second string the library always writes
		return 2, 2
	case "GPOS":
		return 3, 3
	default:
		return 0, 0
	}
}

// characterStrings are fields as strings on the wire.
func characterStrings(rrtype string, fields []token) (data string, refusal *domain.Error) {
	const longest = 255
	var out strings.Builder
	for _, t := range fields {
		if !soundEscapes(t.raw) {
			return "", unsoundEscape(t.raw)
		}
		octets := octetsOf(t.raw)
		switch {
		case len(octets) > longest:
			return "", domain.Refused("a string has more than %d octets", longest)
		case rrtype == "X25" && strings.Trim(t.raw, "0123456789") != "":
			return "", domain.Refused("an address of type X25 has digits alone")
		}
		out.WriteByte(byte(len(octets)))
		out.WriteString(octets)
	}
	return out.String(), nil
}

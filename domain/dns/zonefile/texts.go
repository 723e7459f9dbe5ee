package zonefile

import (
	"fmt"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// isReadHere says whether the library reads a type's data otherwise than named: strings with
// blanks as two, numbers as floating-point numbers.
func isReadHere(rrtype string) bool {
	switch rrtype {
	case "HINFO", "ISDN", "X25", "GPOS", "LOC":
		return true
	default:
		return false
	}
}

// readHere writes data of such a type in the generic form.
func readHere(rrtype string, fields []token) (value string, refusal *domain.Error) {
	var data string
	switch rrtype {
	case "LOC":
		data, refusal = location(fields)
	case "X25":
		data, refusal = characterStrings(rrtype, fields, 1)
	case "GPOS":
		data, refusal = characterStrings(rrtype, fields, 3)
	default:
		data, refusal = characterStrings(rrtype, fields, 2)
	}
	return fmt.Sprintf(`%s %d %x`, genericForm, len(data), data), refusal
}

// characterStrings are fields as strings on the wire.
func characterStrings(rrtype string, fields []token, count int) (data string, refusal *domain.Error) {
	if len(fields) != count {
		return "", domain.Refused("a record of type %s has another number of fields", rrtype)
	}
	var out strings.Builder
	for _, t := range fields {
		if refusal := checkField(rrtype, t, true, true, false); refusal != nil {
			return "", refusal
		}
		if rrtype == "X25" && strings.Trim(t.raw, "0123456789") != "" {
			return "", domain.Refused("an address of type X25 has digits alone")
		}
		octets := octetsOf(t.raw)
		out.WriteByte(byte(len(octets)))
		out.WriteString(octets)
	}
	return out.String(), nil
}

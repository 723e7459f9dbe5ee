package dns

import (
	"slices"
	"strings"

	mdns "github.com/miekg/dns"
)

// rrHeader is what stands before a record's data on the wire if the root owns it: the
// root's name, type, class, TTL and length.
const rrHeader = 1 + 10

// pack returns a record's data as it is on the wire, uncompressed.
func pack(rr mdns.RR) (data string, err error) {
	c := mdns.Copy(rr)
	c.Header().Name = "."
	buf := make([]byte, mdns.Len(c)+64)
	end, err := mdns.PackRR(c, buf, 0, nil, false)
	if err != nil {
		return "", err
	}
	return string(buf[rrHeader:end]), nil
}

// unpack reads the data of a record of the type as it is on the wire. It refuses what
// would not be packed as the same again.
func unpack(number uint16, data string) (mdns.RR, bool) {
	h := mdns.RR_Header{Name: ".", Rrtype: number, Class: mdns.ClassINET, Rdlength: uint16(len(data))}
	rr, end, err := mdns.UnpackRRWithHeader(h, []byte(data), 0)
	if err != nil || end != len(data) || endsEarly(rr, data) {
		return nil, false
	}
	again, err := pack(rr)
	return rr, err == nil && again == data
}

// endsEarly says whether data ends before all that its type has: the library takes that for empty.
func endsEarly(rr mdns.RR, data string) bool {
	switch rr.(type) {
	case *mdns.APL, *mdns.NULL, *mdns.RFC3597:
		return false
	case *mdns.IPSECKEY, *mdns.AMTRELAY, *mdns.L32:
		return false // see malformed
	}
	return data == "" || slices.ContainsFunc(namesIn(rr), func(name *string) bool { return *name == "" })
}

// spelled returns the record as it would be read from a message: each octet and name in
// the one spelling that it has there.
func spelled(rr mdns.RR, number uint16) (mdns.RR, bool) {
	rr.Header().Rrtype, rr.Header().Class = number, mdns.ClassINET
	data, err := pack(rr)
	if err != nil {
		return nil, false
	}
	return unpack(number, data)
}

// spelledName is spelled for an absolute name.
func spelledName(name string) string {
	if strings.IndexByte(name, '\\') < 0 {
		return name
	}
	buf := make([]byte, 256)
	if end, err := mdns.PackDomainName(name, buf, 0, nil, false); err == nil {
		if again, _, err := mdns.UnpackDomainName(buf[:end], 0); err == nil {
			return again
		}
	}
	return name
}

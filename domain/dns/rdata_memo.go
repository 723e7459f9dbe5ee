package dns

import (
	"sync/atomic"

	mdns "github.com/miekg/dns"
)

// rdataMemo remembers the parsed data of a record under its zone's name. A
// decision compares each record at a name with each other, so the same value
// would be parsed many times. Copies of a fold share the memo, also between
// decisions that run at the same time.
type rdataMemo struct {
	known atomic.Pointer[comparedRData]
}

// comparedRData is what decisions compare of a record's data.
type comparedRData struct {
	origin    string
	sound     bool
	canonical string
	octets    int
	// target is the name that the record leads to, absolute, empty for none.
	target string
	// lone is a record that says that there is nothing, and stands alone in its RRset;
	// alias is one in alias mode (RFC 9460).
	lone, alias bool
}

// of returns the parsed data of the record in the zone of that name.
func (m *rdataMemo) of(origin string, r RecordData) *comparedRData {
	if c := m.known.Load(); c != nil && c.origin == origin {
		return c
	}
	c := &comparedRData{origin: origin}
	if rdata, err := ReadRData(origin, r); err == nil {
		c.sound, c.canonical, c.octets = true, rdata.Canonical(), rdata.WireLen()
		c.read(rdata.rr)
	}
	m.known.Store(c)
	return c
}

func (c *comparedRData) read(rr mdns.RR) {
	if names := namesIn(rr); len(names) > 0 {
		c.target = *names[0]
	}
	const removeAll = 0 // the algorithm that RFC 8078, section 4, uses
	switch r := rr.(type) {
	case *mdns.MX, *mdns.SRV:
		c.lone = c.target == "."
	case *mdns.CDS:
		c.lone = r.Algorithm == removeAll
	case *mdns.CDNSKEY:
		c.lone = r.Algorithm == removeAll
	case *mdns.SVCB:
		c.alias = r.Priority == 0
	case *mdns.HTTPS:
		c.alias = r.Priority == 0
	}
}

package dns

import "sync/atomic"

// rdataMemo remembers what a record's value comes to under a zone's name: of
// many records at one name, each is compared with each. Copies of a fold share
// it, also between decisions that run at once.
type rdataMemo struct {
	known atomic.Pointer[comparedRData]
}

// comparedRData is what decisions compare of a record's data.
type comparedRData struct {
	origin    string
	sound     bool
	canonical string
	octets    int
}

// of returns what the record comes to in the zone of that name.
func (m *rdataMemo) of(origin string, r RecordData) *comparedRData {
	if c := m.known.Load(); c != nil && c.origin == origin {
		return c
	}
	c := &comparedRData{origin: origin}
	if rdata, err := ParseRData(origin, r.Type, r.Value); err == nil {
		c.sound, c.canonical, c.octets = true, rdata.Canonical(), rdata.WireLen()
	}
	m.known.Store(c)
	return c
}

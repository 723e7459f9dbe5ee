package dns

import "sync/atomic"

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
}

// of returns the parsed data of the record in the zone of that name.
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

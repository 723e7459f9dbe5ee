package dns

import (
	"math"

	"github.com/opsledger/opsledger/domain"
)

// SerialBase is what the SOA serials of a zone name in a view are above positions of
// the log.
//
// Invariants:
//  1. It only grows, and outlives the zone and the view: a zone that is deleted and made
//     again has later positions and the same base.
//  2. It follows from the log alone, so that every name server has the same.
type SerialBase int64

// Serial is the SOA serial of a zone whose content changed last at the position, by RFC
// 1982 later than all that the zone had before: (position + base) mod 2^32. It is never
// 0, which many programs take for "no serial": each time that the sum goes beyond 2^32 - 1
// the base counts as one more.
func (b SerialBase) Serial(p domain.Position) uint32 {
	sum := uint64(p) + uint64(b)
	if sum == 0 {
		return 1
	}
	return uint32((sum-1)%math.MaxUint32) + 1
}

// SerialReach is how far above another a serial may be for RFC 1982 to call it later.
const SerialReach = 1<<31 - 1

// SerialLater says whether serial a is after b by RFC 1982.
func SerialLater(a, b uint32) bool { return int32(a-b) > 0 }

// raised returns the base with which the serial at the position is at least the given one. A
// base that gives a later serial already stays as it is, and so does one that gives a higher
// number, if only lower ones are to be raised. But if no name server ever had the zone, there
// is nothing that a serial could be later than.
func (b SerialBase) raised(p domain.Position, r SerialRaise) SerialBase {
	at := b.Serial(p)
	if r.IfLower && at >= r.To || !r.Unserved && !SerialLater(r.To, at) {
		return b
	}
	return b.reaching(p, r.To)
}

// reaching returns the next base, from this one on, with which the serial at the position is
// the given one.
func (b SerialBase) reaching(p domain.Position, serial uint32) SerialBase {
	at := b.Serial(p)
	steps := SerialBase(serial - at)
	if serial < at {
		steps-- // 0 is passed over
	}
	return b + steps
}

// SerialBases are the bases that are not 0.
type SerialBases map[SerialName]SerialBase

// SerialName is whose serials have a base in common. A view's name stands for the view:
// one that is deleted and made again has another id, and to secondaries is the same.
type SerialName struct {
	// Zone is folded, see [FoldName].
	Zone, View string
}

// Raise lifts the bases of a zone in the named views, by an event at the position.
func (s SerialBases) Raise(r SerialRaise, views []string, p domain.Position) {
	for _, view := range views {
		name := SerialName{Zone: FoldName(r.Zone), View: view}
		if raised := s[name].raised(p, r); raised != 0 {
			s[name] = raised
		}
	}
}

// Rename lets the zones of a view go on under the view's next name, by an event at the position,
// above what they had before and above what any view had under that name. The former name
// keeps its bases, for the next view that has it.
func (s SerialBases) Rename(before, after string, p domain.Position) {
	if before == after {
		return
	}
	zones := map[string]bool{}
	for name := range s {
		if name.View == before || name.View == after {
			zones[name.Zone] = true
		}
	}
	for zone := range zones {
		next := SerialName{Zone: zone, View: after}
		s[next] = laterBase(s[SerialName{Zone: zone, View: before}], s[next], p)
	}
}

// laterBase is no less than either base, and its serial at the position is the later one of
// theirs.
func laterBase(a, b SerialBase, p domain.Position) SerialBase {
	low, high := min(a, b), max(a, b)
	if serial := low.Serial(p); SerialLater(serial, high.Serial(p)) {
		return high.reaching(p, serial)
	}
	return high
}

package zoneimport

import (
	"encoding/binary"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Parts are what a staged import stages, in order: each has [dns.MaxStaged] records at most, and no ids
// of what it adds. They are packed, since an import may have very many and keeps them for long.
type Parts struct {
	zone, view int64
	packed     [][]byte
	room       []byte
}

// Len is how many parts are left.
func (p *Parts) Len() int { return len(p.packed) }

// Take takes the next parts, so many at most, for an import. They are left no more.
func (p *Parts) Take(most int, of domain.Position) []dns.RecordsStaged {
	next := p.packed[:min(most, len(p.packed))]
	p.packed = p.packed[len(next):]
	all := make([]dns.RecordsStaged, len(next))
	for i, packed := range next {
		all[i] = p.unpack(packed, of)
		next[i] = nil
	}
	return all
}

// Show shows the next parts, of so many records at least if they have as many. They are left. The ids
// of the import, and of what it adds, stand for those that will be drawn.
func (p *Parts) Show(records int) (shown []domain.Event) {
	id := domain.Undrawn
	for i, n := 0, 0; i < len(p.packed) && n < records; i++ {
		part := p.unpack(p.packed[i], domain.Position(id))
		for j := range part.Added {
			id++
			part.Added[j].ID = id
		}
		shown, n = append(shown, part), n+part.Len()
	}
	return shown
}

func (p *Parts) unpack(packed []byte, of domain.Position) dns.RecordsStaged {
	u := unpacker(packed)
	e := dns.RecordsStaged{Import: of, ZoneID: p.zone, ViewID: p.view}
	e.Added, e.Changed, e.Removed = sized[dns.StagedRecord](&u), sized[dns.StagedChange](&u), sized[dns.StagedRecord](&u)
	for i := range e.Added {
		e.Added[i] = dns.StagedRecord{Record: u.record()}
	}
	for i := range e.Changed {
		e.Changed[i] = dns.StagedChange{ID: int64(u.number()), Before: u.record(), After: u.record()}
	}
	for i := range e.Removed {
		e.Removed[i] = dns.StagedRecord{ID: int64(u.number()), Record: u.record()}
	}
	return e
}

// sized is a list of as many as comes next.
func sized[T any](u *unpacker) []T {
	if n := u.number(); n > 0 {
		return make([]T, n)
	}
	return nil
}

// add adds a part.
func (p *Parts) add(e dns.RecordsStaged) {
	to := packer(p.room[:0])
	to.number(uint64(len(e.Added)))
	to.number(uint64(len(e.Changed)))
	to.number(uint64(len(e.Removed)))
	for _, r := range e.Added {
		to.record(r.Record)
	}
	for _, r := range e.Changed {
		to.number(uint64(r.ID))
		to.record(r.Before)
		to.record(r.After)
	}
	for _, r := range e.Removed {
		to.number(uint64(r.ID))
		to.record(r.Record)
	}
	p.room = to
	p.packed = append(p.packed, append([]byte(nil), to...))
}

// packer puts numbers, and texts behind their lengths, one behind the other; unpacker takes them.
type (
	packer   []byte
	unpacker []byte
)

func (p *packer) number(n uint64) { *p = binary.AppendUvarint(*p, n) }

func (p *packer) text(s string) {
	p.number(uint64(len(s)))
	*p = append(*p, s...)
}

func (p *packer) record(d dns.RecordData) {
	literal := uint64(0)
	if d.Literal {
		literal = 1
	}
	for _, n := range []uint64{uint64(d.ViewID), uint64(d.TTL), literal} {
		p.number(n)
	}
	for _, text := range []string{d.Line, d.Host, d.Type, d.Value, d.Comment} {
		p.text(text)
	}
}

func (u *unpacker) number() uint64 {
	n, size := binary.Uvarint(*u)
	*u = (*u)[size:]
	return n
}

func (u *unpacker) text() string {
	n := u.number()
	s := string((*u)[:n])
	*u = (*u)[n:]
	return s
}

func (u *unpacker) record() dns.RecordData {
	d := dns.RecordData{ViewID: int64(u.number()), TTL: uint32(u.number()), Literal: u.number() == 1}
	for _, text := range []*string{&d.Line, &d.Host, &d.Type, &d.Value, &d.Comment} {
		*text = u.text()
	}
	return d
}

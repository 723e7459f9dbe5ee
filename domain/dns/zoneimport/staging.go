package zoneimport

import (
	"cmp"
	"errors"
	"slices"
	"sort"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// Staging is an import of more changes than one change of the log may have. As a command it
// decides on all of them and leads to no event: what is to be staged are its parts.
//
// Invariants:
//  1. A part is only there if all changes are allowed, by the rules and by the rights and bounds of
//     who asks for them.
//  2. Each change is decided by the command of a client, among all records of the zone as they are
//     once the import is done. Of two that are at odds the later one is to blame, or both.
//  3. What is held at a time of decisions is what a chunk of them takes, which has all changes of
//     some owners; of those made what they come to, packed.
type Staging struct {
	comparison *Comparison
	// changes are in the order of their owners.
	changes []change
	// stay are the records that stay as they are at owners that have changes, others the aliases
	// and the records at the apex.
	stay   []owned
	others *presentRecords
	// Import is the import that has begun already and whose changes are decided anew, 0 for
	// one that has not.
	Import domain.Position
	// Chunk is about how many changes are decided at a time, 2,000 if it is 0.
	Chunk int

	// asked are the owners that are looked at to generate records. What is staged of these comes first,
	// for who reads no more than the first parts: the rest of the zone follows from it.
	asked  map[string]bool
	ahead  [][]byte
	parts  *Parts
	counts dns.ImportCounts
}

// defaultChunk is large enough for what is read for each chunk not to count.
const defaultChunk = 2_000

// Stage returns the staging of what the comparison has found. The records that the zone has are to
// be shown to it once more.
func (c *Comparison) Stage() (*Staging, error) {
	if err := c.End(); err != nil {
		return nil, err
	}
	s := &Staging{comparison: c, changes: slices.Concat(c.removals, c.updates, c.added)}
	c.removals, c.updates, c.added = nil, nil, nil
	s.asked = c.asked()
	slices.SortFunc(s.changes, c.inOrder)
	s.others = newPresentRecords(c.to.ZoneID)
	return s, nil
}

// inOrder compares two changes: by owner, and of one owner removals, then updates, then what is added.
func (c *Comparison) inOrder(a, b change) int {
	if order := cmp.Compare(c.ownerOf(a), c.ownerOf(b)); order != 0 {
		return order
	}
	return cmp.Or(cmp.Compare(kindOf(a), kindOf(b)), cmp.Compare(a.present, b.present), cmp.Compare(a.record, b.record))
}

func kindOf(ch change) int {
	switch {
	case ch.record == none:
		return 0
	case ch.present != none:
		return 1
	default:
		return 2
	}
}

// Present takes the next record that the zone has.
func (s *Staging) Present(r Present) error {
	key, _, err := zonedata.Locate(s.comparison.zone(), r.RecordData)
	if err != nil {
		return err
	}
	if key.Owner == dns.Apex || isAlias(r.Type) {
		s.others.take(r)
	}
	if all := s.changesAt(key.Owner); len(all) > 0 && !slices.ContainsFunc(all, func(ch change) bool {
		return ch.present != none && s.comparison.present[ch.present].ID == r.ID
	}) {
		s.stay = append(s.stay, owned{r, key.Owner})
	}
	return nil
}

// Parts are what is to be staged.
func (s *Staging) Parts() *Parts { return s.parts }

// Counts are those of all parts.
func (s *Staging) Counts() dns.ImportCounts { return s.counts }

// Settings is the change of the zone's settings that goes with the import, nil for none.
func (s *Staging) Settings() *dns.ChangeZoneSettings { return s.comparison.changed }

// Decide implements [domain.Command].
func (s *Staging) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if err := dns.AuthorizeRecords(h, env, s.comparison.to.ZoneID); err != nil {
		return nil, err
	}
	for _, w := range s.comparison.file.Warnings {
		env.Warn(w)
	}
	s.ahead, s.counts = nil, dns.ImportCounts{}
	s.parts = &Parts{zone: s.comparison.to.ZoneID, view: s.comparison.to.ViewID}
	if err := s.settle(h, env); err != nil {
		return nil, err
	}
	env.Import = s.Import
	slices.SortFunc(s.stay, func(a, b owned) int { return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.ID, b.ID)) })
	after := s.aliases()
	refused := &zonefile.Error{}
	for rest := s.changes; len(rest) > 0 && !refused.More; {
		n := s.lengthOfChunk(rest, cmp.Or(s.Chunk, defaultChunk))
		err := s.decide(&importHistory{History: h, staging: s, after: after}, env.Warning(nil), rest[:n])
		var lines *zonefile.Error
		if errors.As(err, &lines) {
			err = nil
			refused.Lines, refused.More = append(refused.Lines, lines.Lines...), refused.More || lines.More
		}
		if err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	if len(refused.Lines) > 0 {
		return nil, inOrder(refused)
	}
	s.parts.packed = slices.Concat(s.ahead, s.parts.packed)
	return nil, nil
}

// settle decides on the settings, which are bounded by themselves.
func (s *Staging) settle(h domain.History, env domain.Env) error {
	if s.comparison.changed == nil {
		return nil
	}
	env.Import = s.Import
	events, err := s.comparison.changed.Decide(h, env)
	if err == nil {
		err = env.CheckBounds(h, events)
	}
	if err != nil {
		return refusedAt(s.comparison.file.SOA.Line, err)
	}
	return nil
}

func inOrder(e *zonefile.Error) error {
	slices.SortStableFunc(e.Lines, func(a, b zonefile.LineError) int { return cmp.Compare(a.Line, b.Line) })
	if len(e.Lines) > mostLines {
		e.Lines, e.More = e.Lines[:mostLines], true
	}
	return e
}

// lengthOfChunk is how many changes are decided next: all of some owners. One that is asked for to
// generate records is decided by itself.
func (s *Staging) lengthOfChunk(rest []change, most int) int {
	if s.isAsked(rest[0]) {
		return s.lengthOfOwner(rest)
	}
	if n := slices.IndexFunc(rest[:min(len(rest), most)], s.isAsked); n > 0 {
		return n
	}
	if len(rest) <= most {
		return len(rest)
	}
	owner := s.comparison.ownerOf(rest[most])
	if n := sort.Search(most, func(i int) bool { return s.comparison.ownerOf(rest[i]) >= owner }); n > 0 {
		return n
	}
	return s.lengthOfOwner(rest)
}

// decide decides on the changes of some owners, and keeps what comes of them.
func (s *Staging) decide(h *importHistory, env domain.Env, changes []change) error {
	operations, lines := make([]batch.Operation, len(changes)), make([]int, len(changes))
	ids := make([]int64, len(changes))
	for i, ch := range changes {
		o := s.comparison.operation(ch)
		operations[i], lines[i], ids[i] = o.Operation, o.line, domain.Undrawn+int64(i)
	}
	h.first, h.last = s.comparison.ownerOf(changes[0]), s.comparison.ownerOf(changes[len(changes)-1])
	h.own = s.presentAt(changes, h.first, h.last)
	b, err := batch.New(operations)
	if err != nil {
		return domain.Refused("%s有太多的修改，一次导入同一主机最多%d个！", shortened(h.first), MaxChanges)
	}
	env = env.WithIDs(map[domain.Sequence][]int64{domain.SequenceRecord: ids})
	events, err := b.AtOnce().Decide(h, env)
	var refused *batch.Error
	if errors.As(err, &refused) {
		return refusalOf(refused, lines)
	}
	if err != nil {
		return err
	}
	before := len(s.parts.packed)
	s.keep(events)
	if s.isAsked(changes[0]) {
		s.ahead = append(s.ahead, s.parts.packed[before:]...)
		s.parts.packed = s.parts.packed[:before]
	}
	return nil
}

func (s *Staging) isAsked(ch change) bool { return s.asked[s.comparison.ownerOf(ch)] }

func shortened(name string) string { return name[:min(len(name), 60)] }

// maxPart bounds what a part takes in the log, as JSON at its longest.
const maxPart = 256 << 10

// keep adds to the parts what was decided.
func (s *Staging) keep(events []domain.Event) {
	var part dns.RecordsStaged
	size := 0
	end := func() {
		if part.Len() > 0 {
			s.counts = s.counts.Plus(part.Counts())
			s.parts.add(part)
		}
		part, size = dns.RecordsStaged{}, 0
	}
	end()
	for _, event := range events {
		next := 0
		switch e := event.(type) {
		case dns.RecordAdded:
			next = longest(e.Record)
		case dns.RecordUpdated:
			next = longest(e.Before) + longest(e.After)
		case dns.RecordDeleted:
			next = longest(e.Record)
		}
		if part.Len() == dns.MaxStaged || size+next > maxPart {
			end()
		}
		size += next
		switch e := event.(type) {
		case dns.RecordAdded:
			part.Added = append(part.Added, dns.StagedRecord{Record: e.Record})
		case dns.RecordUpdated:
			part.Changed = append(part.Changed, dns.StagedChange{ID: e.ID, Before: e.Before, After: e.After})
		case dns.RecordDeleted:
			part.Removed = append(part.Removed, dns.StagedRecord{ID: e.ID, Record: e.Record})
		}
	}
	end()
}

// longest bounds what a record takes as JSON, and in tags.
func longest(d dns.RecordData) int {
	const escaped, fields = 6, 300
	return escaped*(len(d.Value)+2*len(d.Host)+len(d.Comment)) + fields
}

package zoneimport

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// Mode says what becomes of records that the file does not have.
type Mode string

// The modes.
const (
	// Merge leaves them as they are.
	Merge Mode = "merge"
	// Replace removes them.
	Replace Mode = "replace"
)

// MaxChanges is how many changes an import makes at most as one change of the log; one of more
// is staged. MaxStaged is how many that may make.
const (
	MaxChanges = batch.MaxOperations
	MaxStaged  = 4_000_000
)

// Target is the zone in a view that a file is imported into.
type Target struct {
	ZoneID, ViewID int64
	ViewName       string
	// Zone is what the zone serves there, but for the records of the log, Own their RRsets.
	Zone zonedata.Zone
	Own  zonedata.Lookup
	// Serials are those of the zone in all its views, see [dns.NewChangeZoneSettings].
	Serials []uint32
}

// Present is a record that the zone has.
type Present struct {
	ID int64
	// Changed is the position of the record's last event.
	Changed domain.Position
	dns.RecordData
}

// Comparison compares a file with what a zone has in a view.
//
// Invariants:
//  1. A record of the file that the zone has is kept, by its id, with its comment. One that is
//     served with another TTL than the file's is changed.
//  2. Merge removes nothing. Replace removes exactly the records that the file does not have.
//  3. What is generated, and would be generated with the file's other records as it stands in the
//     file, becomes no record; nor does a PTR that the zone has of another zone.
type Comparison struct {
	file *zonefile.File
	mode Mode
	to   Target
	// kept has an entry for each record of the file that the zone has.
	kept []bool
	// set are the records of the RRset at hand, of key.
	key zonedata.Key
	set []located
	// present are the records of the zone that go or change. removals and updates are of
	// these, added of those of the file.
	present                  []owned
	removals, updates, added []change
	// ofOthers are RRsets of the file that the zone has of other zones.
	ofOthers map[zonedata.Key]bool
	// changed are the settings that are to change, nil for none, once the comparison is complete.
	changed  *dns.ChangeZoneSettings
	complete bool
}

type located struct {
	Present
	data string
}

// owned is a record with its owner as a key.
type owned struct {
	Present
	owner string
}

// operation is one change as a command, and the line that it is for, 0 for none.
type operation struct {
	line int
	batch.Operation
}

// Compare begins a comparison. It refuses to replace a zone by a file that has nothing of it: that
// is an empty file, or another zone's.
func Compare(file *zonefile.File, mode Mode, to Target) (*Comparison, error) {
	if mode == Replace && file.SOA == nil && file.Len() == 0 {
		return nil, domain.Refused("the file has no record of the zone: to replace by it would remove all that the zone has")
	}
	if file.Zone != to.Zone.Name {
		return nil, domain.Conflict("Zone在导入时被改名，请重试！")
	}
	return &Comparison{file: file, mode: mode, to: to, kept: make([]bool, file.Len())}, nil
}

// Present takes the next record that the zone has. Those of an RRset come in a row.
func (c *Comparison) Present(r Present) error {
	key, data, err := zonedata.Locate(dns.FoldName(c.to.Zone.Name), r.RecordData)
	if err != nil {
		return err
	}
	if key != c.key {
		c.settle()
		c.key = key
	}
	c.set = append(c.set, located{Present: r, data: data})
	return c.bounded()
}

// OfOthers takes a PTR that the zone serves of another zone, which is no record of its own. One that
// stands in the file becomes none.
func (c *Comparison) OfOthers(key zonedata.Key, r zonedata.Record) error {
	if !c.file.Set(key).Equal(zonedata.Assemble([]zonedata.Record{r})) {
		return nil
	}
	if c.ofOthers == nil {
		c.ofOthers = map[zonedata.Key]bool{}
	}
	c.ofOthers[key] = true
	return nil
}

// settle compares the RRset at hand.
func (c *Comparison) settle() {
	set := c.set
	c.set = set[:0]
	var same []located
	remaining := ^uint32(0)
	for _, r := range set {
		i, has := c.file.Has(c.key, r.data)
		if has {
			c.kept[i] = true
			same = append(same, r)
		} else if c.mode == Replace {
			c.remove(r)
			continue
		}
		remaining = min(remaining, r.TTL)
	}
	if len(same) == 0 {
		return
	}
	ttl := c.file.TTL(c.key)
	grows := c.file.LenOf(c.key) > len(same)
	if remaining == ttl || grows && remaining > ttl {
		return // what is served has the file's TTL then
	}
	for _, r := range same {
		c.retime(r, ttl)
	}
}

func (c *Comparison) remove(r located) {
	c.removals = append(c.removals, change{present: c.keep(r), record: none})
}

// keep keeps a record that goes or changes, and returns its place.
func (c *Comparison) keep(r located) int32 {
	c.present = append(c.present, owned{r.Present, c.key.Owner})
	return int32(len(c.present) - 1)
}

// retime gives a record the TTL of the file.
func (c *Comparison) retime(r located, ttl uint32) {
	if r.TTL == ttl {
		return
	}
	i, _ := c.file.Has(c.key, r.data)
	c.updates = append(c.updates, change{present: c.keep(r), record: int32(i)})
}

// add adds the file's records that the zone lacks, but for those that are generated.
func (c *Comparison) add(left map[zonedata.Key]bool) error {
	for i, r := range c.file.All() {
		if c.kept[i] || len(left) > 0 && left[r.Key()] || len(c.ofOthers) > 0 && c.ofOthers[r.Key()] {
			continue
		}
		if err := c.bounded(); err != nil {
			return err
		}
		c.added = append(c.added, change{present: none, record: int32(i)})
	}
	return nil
}

func (c *Comparison) zone() string { return dns.FoldName(c.to.Zone.Name) }

// bounded ends a comparison of which more comes than can be staged.
func (c *Comparison) bounded() error {
	if len(c.removals)+len(c.updates)+len(c.added) > MaxStaged {
		return ErrTooManyChanges
	}
	return nil
}

// Command returns the command that makes the zone what the file says, once all records that the
// zone has were shown. The error is [ErrTooManyChanges], or what stands in the way of a command.
func (c *Comparison) Command() (Command, error) {
	switch err := c.End(); {
	case err != nil:
		return Command{}, err
	case c.Len() > MaxChanges:
		return Command{}, ErrTooManyChanges
	}
	operations := make([]operation, 0, len(c.removals)+len(c.updates)+len(c.added)+1)
	if c.changed != nil {
		operations = append(operations, operation{line: c.file.SOA.Line, Operation: batchOf(*c.changed, nil)})
	}
	for _, ch := range slices.Concat(c.removals, c.updates, c.added) {
		operations = append(operations, c.operation(ch))
	}
	return newCommand(c.to.ZoneID, c.file.Warnings, operations)
}

// Len is how many changes the comparison has found, that of the settings included.
func (c *Comparison) Len() int {
	n := len(c.removals) + len(c.updates) + len(c.added)
	if c.changed != nil {
		n++
	}
	return n
}

// End finds what is added, and the settings that are to change, once all records were shown.
func (c *Comparison) End() (err error) {
	if c.complete {
		return nil
	}
	c.settle()
	left, after := c.generated()
	if err := c.add(left); err != nil {
		return err
	}
	c.changed, err = c.settings(after)
	c.complete = err == nil
	return err
}

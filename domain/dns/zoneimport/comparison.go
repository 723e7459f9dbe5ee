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

// MaxChanges is how many changes an import makes at most.
const MaxChanges = batch.MaxOperations

// Target is the zone in a view that a file is imported into.
type Target struct {
	ZoneID   int64
	ViewName string
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
//     file, becomes no record.
type Comparison struct {
	file *zonefile.File
	mode Mode
	to   Target
	// kept has an entry for each record of the file that the zone has.
	kept []bool
	// set are the records of the RRset at hand, of key.
	key                      zonedata.Key
	set                      []located
	removals, updates, added []operation
}

type located struct {
	Present
	data string
}

// operation is one change, and the line that it is for, 0 for none.
type operation struct {
	line int
	batch.Operation
}

// Compare begins a comparison. It refuses to replace a zone by a file that has nothing of it: that
// is an empty file, or another zone's.
func Compare(file *zonefile.File, mode Mode, to Target) (*Comparison, error) {
	if mode == Replace && file.SOA == nil && len(file.Records) == 0 {
		return nil, domain.Refused("the file has no record of the zone: to replace by it would remove all that the zone has")
	}
	return &Comparison{file: file, mode: mode, to: to, kept: make([]bool, len(file.Records))}, nil
}

// Present takes the next record that the zone has. Those of an RRset come in a row.
func (c *Comparison) Present(r Present) error {
	key, data, err := zonedata.Locate(dns.FoldName(c.to.Zone.Name), r.RecordData)
	if err != nil {
		return err
	}
	if key != c.key {
		if err := c.settle(); err != nil {
			return err
		}
		c.key = key
	}
	c.set = append(c.set, located{Present: r, data: data})
	return c.bounded()
}

// settle compares the RRset at hand.
func (c *Comparison) settle() error {
	set := c.set
	c.set = nil
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
		return nil
	}
	ttl := c.file.TTL(c.key)
	grows := c.file.Len(c.key) > len(same)
	if remaining == ttl || grows && remaining > ttl {
		return nil // what is served has the file's TTL then
	}
	for _, r := range same {
		if err := c.retime(r, ttl); err != nil {
			return err
		}
	}
	return nil
}

func (c *Comparison) remove(r located) {
	cmd, err := dns.NewDeleteRecord(r.ID, &r.Changed)
	c.removals = append(c.removals, operation{Operation: batch.Of(cmd, err)})
}

// retime gives a record the TTL of the file.
func (c *Comparison) retime(r located, ttl uint32) error {
	if r.TTL == ttl {
		return nil
	}
	value := r.Value
	if r.Literal { // which a value is not that is given now
		var err error
		if value, err = zonefile.Value(c.zone(), c.key.Type, r.data); err != nil {
			return err
		}
	}
	i, _ := c.file.Has(c.key, r.data)
	cmd, err := dns.NewUpdateRecord(r.ID, dns.RecordInput{
		ZoneID: &c.to.ZoneID, ViewName: &c.to.ViewName, Host: &r.Host, Type: &r.Type, Value: &value, TTL: &ttl,
	}, &r.Changed)
	c.updates = append(c.updates, operation{line: c.file.Records[i].Line, Operation: batch.Of(cmd, err)})
	return nil
}

// add adds the file's records that the zone lacks, but for those that are generated.
func (c *Comparison) add(left map[zonedata.Key]bool) error {
	for i := range c.file.Records {
		r := &c.file.Records[i]
		if c.kept[i] || left[r.Key()] {
			continue
		}
		if err := c.bounded(); err != nil {
			return err
		}
		op := operation{line: r.Line}
		value, err := zonefile.Value(c.zone(), r.Type, r.Written)
		if err == nil {
			var cmd dns.AddRecord
			name, ttl := dns.TypeName(r.Type), c.file.TTL(r.Key())
			cmd, err = dns.NewAddRecord(dns.RecordInput{
				ZoneID: &c.to.ZoneID, ViewName: &c.to.ViewName, Host: &r.Host, Type: &name, Value: &value, TTL: &ttl,
			})
			op.Operation = batch.Of(cmd, err)
		} else {
			op.Operation = batch.Of(nil, err)
		}
		c.added = append(c.added, op)
	}
	return nil
}

func (c *Comparison) zone() string { return dns.FoldName(c.to.Zone.Name) }

// bounded ends a comparison of which more comes than is one change.
func (c *Comparison) bounded() error {
	if len(c.removals)+len(c.updates)+len(c.added) > MaxChanges {
		return ErrTooManyChanges
	}
	return nil
}

// Command returns the command that makes the zone what the file says, once all records that the
// zone has were shown. The error is [ErrTooManyChanges], or what stands in the way of a command.
func (c *Comparison) Command() (Command, error) {
	if err := c.settle(); err != nil {
		return Command{}, err
	}
	left, after := c.generated()
	if err := c.add(left); err != nil {
		return Command{}, err
	}
	settings, err := c.settings(after)
	if err != nil {
		return Command{}, err
	}
	return newCommand(c.to.ZoneID, c.file.Warnings, slices.Concat(settings, c.removals, c.updates, c.added))
}

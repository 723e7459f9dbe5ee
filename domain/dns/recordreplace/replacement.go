package recordreplace

import (
	"errors"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

var (
	// ErrTooManyChanges says that more records were found than one change may have.
	ErrTooManyChanges = errors.New("too many records were found")
	// ErrStale says that records have changed since they were found: they are to be found anew.
	ErrStale = errors.New("records have changed since they were found")
)

// Found is a record that somebody sees.
type Found struct {
	ID, ZoneID int64
	// Changed is the position of the record's last event.
	Changed domain.Position
	// Zone is the name of its zone, View that of its view, or its line.
	Zone, View string
	dns.RecordData
}

// Replacement collects the records that are meant.
//
// Invariants:
//  1. All records that were found are changed, by one change, or none is.
//  2. A record is changed as it was when it was found, or not at all.
//  3. What is not set stays: the value as it is written, the TTL and the comment.
type Replacement struct {
	find  *Find
	set   Set
	found []Found
	all   []batch.Operation
}

// New returns a replacement that has found nothing yet.
func New(f *Find, s Set) *Replacement { return &Replacement{find: f, set: s} }

// See takes a record that has all that the [Find] says but for the value, which it looks at.
func (r *Replacement) See(f Found) error {
	if !r.find.Has(f.Zone, f.RecordData) {
		return nil
	}
	if len(r.found) == batch.MaxOperations {
		return ErrTooManyChanges
	}
	r.found = append(r.found, f)
	r.all = append(r.all, batch.Of(r.change(f)))
	return nil
}

func (r *Replacement) change(f Found) (domain.Command, error) {
	value := f.Value
	switch {
	case r.set.Value != nil:
		value = *r.set.Value
	case f.Literal: // which a value is not that is given now
		key, data, err := zonedata.Locate(dns.FoldName(f.Zone), f.RecordData)
		if err != nil {
			return nil, err
		}
		if value, err = zonefile.Value(dns.FoldName(f.Zone), key.Type, data); err != nil {
			return nil, err
		}
	}
	return dns.NewUpdateRecord(f.ID, dns.RecordInput{
		ZoneID: &f.ZoneID, ViewName: &f.View, Host: &f.Host, Type: &f.Type, Value: &value, TTL: r.set.TTL,
	}, &f.Changed)
}

// Command returns the command that changes what was found.
func (r *Replacement) Command() (Command, error) {
	if len(r.all) == 0 {
		return Command{}, nil
	}
	all, err := batch.New(r.all)
	return Command{found: r.found, batch: all}, err
}

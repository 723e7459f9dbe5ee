package zoneimport

import (
	"strings"

	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// change is what the file says otherwise than the zone: a record of the zone goes, one of the file
// comes, or a record that both have gets the TTL of the file. It has the places of both, none for
// the one that is missing.
type change struct{ present, record int32 }

const none int32 = -1

// ownerOf is that of the record as a key.
func (c *Comparison) ownerOf(ch change) string {
	if ch.present != none {
		return c.present[ch.present].owner
	}
	return c.file.OwnerAt(int(ch.record))
}

// hostOf is the owner as the log has it.
func (c *Comparison) hostOf(ch change) string {
	if ch.present != none {
		return c.present[ch.present].Host
	}
	return c.file.At(int(ch.record)).Host
}

// lineOf is that of the file, 0 for a record that goes.
func (c *Comparison) lineOf(ch change) int {
	if ch.record == none {
		return 0
	}
	return c.file.At(int(ch.record)).Line
}

// operation is the change as a client's command.
func (c *Comparison) operation(ch change) operation {
	op := operation{line: c.lineOf(ch)}
	switch {
	case ch.record == none:
		is := &c.present[ch.present]
		cmd, err := dns.NewDeleteRecord(is.ID, &is.Changed)
		op.Operation = batch.Of(cmd, err)
	case ch.present != none:
		op.Operation = c.update(ch)
	default:
		data, err := c.data(ch)
		if err != nil {
			op.Operation = batch.Of(nil, err)
			break
		}
		cmd, err := dns.NewAddRecord(c.input(data, data.TTL))
		op.Operation = batch.Of(cmd, err)
	}
	return op
}

// update gives a record of the zone the TTL of the file.
func (c *Comparison) update(ch change) batch.Operation {
	is, record := &c.present[ch.present], c.file.At(int(ch.record))
	data := is.RecordData
	if data.Literal { // which a value is not that is given now
		var err error
		if data.Value, err = zonefile.Value(c.zone(), record.Type, record.Data); err != nil {
			return batch.Of(nil, err)
		}
	}
	cmd, err := dns.NewUpdateRecord(is.ID, c.input(data, record.TTL), &is.Changed)
	return batch.Of(cmd, err)
}

// data is the file's record of a change as a client writes it. It has no part of the file.
func (c *Comparison) data(ch change) (dns.RecordData, error) {
	r := c.file.At(int(ch.record))
	value, err := zonefile.Value(c.zone(), r.Type, r.Written)
	return dns.RecordData{Host: strings.Clone(r.Host), Type: dns.TypeName(r.Type), Value: value, TTL: r.TTL}, err
}

func (c *Comparison) input(d dns.RecordData, ttl uint32) dns.RecordInput {
	return dns.RecordInput{ZoneID: &c.to.ZoneID, ViewName: &c.to.ViewName, Host: &d.Host, Type: &d.Type, Value: &d.Value, TTL: &ttl}
}

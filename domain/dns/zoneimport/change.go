package zoneimport

import (
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// change is what the file says otherwise than the zone: a record of the zone goes, one of the file
// comes, or a record that both have gets the TTL of the file.
type change struct {
	present *Present
	record  *zonefile.Record
	// owner is that of the record as a key.
	owner string
}

// line is that of the file, 0 for a record that goes.
func (ch change) line() int {
	if ch.record == nil {
		return 0
	}
	return ch.record.Line
}

// operation is the change as a client's command.
func (c *Comparison) operation(ch change) operation {
	op := operation{line: ch.line()}
	switch {
	case ch.record == nil:
		cmd, err := dns.NewDeleteRecord(ch.present.ID, &ch.present.Changed)
		op.Operation = batch.Of(cmd, err)
	case ch.present != nil:
		cmd, err := dns.NewUpdateRecord(ch.present.ID, c.input(ch.present.RecordData, c.file.TTL(ch.record.Key())), &ch.present.Changed)
		op.Operation = batch.Of(cmd, err)
	default:
		data, err := c.data(ch.record)
		if err != nil {
			op.Operation = batch.Of(nil, err)
			break
		}
		cmd, err := dns.NewAddRecord(c.input(data, data.TTL))
		op.Operation = batch.Of(cmd, err)
	}
	return op
}

// data is a record of the file as a client writes it.
func (c *Comparison) data(r *zonefile.Record) (dns.RecordData, error) {
	value, err := zonefile.Value(c.zone(), r.Type, r.Written)
	return dns.RecordData{Host: r.Host, Type: dns.TypeName(r.Type), Value: value, TTL: c.file.TTL(r.Key())}, err
}

func (c *Comparison) input(d dns.RecordData, ttl uint32) dns.RecordInput {
	return dns.RecordInput{ZoneID: &c.to.ZoneID, ViewName: &c.to.ViewName, Host: &d.Host, Type: &d.Type, Value: &d.Value, TTL: &ttl}
}

// host is the owner as the log has it.
func (ch change) host() string {
	if ch.present != nil {
		return ch.present.Host
	}
	return ch.record.Host
}

package dnsmodel

import (
	"context"
	"math"

	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// RecordsWith says which records are wanted, exactly; what is nil or empty does not restrict.
type RecordsWith struct {
	// Type, ViewName and TTL are those of [RecordFilter]; Host is in lower case.
	Type, ViewName, Host string
	TTL                  *uint32
	// Types are those that a record has, unless it is one without a mnemonic.
	Types []string
	// Zones are patterns, of which the zone's name matches one.
	Zones []string
}

// recordsAtOnce is how many rows are held in memory.
const recordsAtOnce = 10_000

// EachRecord shows the records that the caller may ACCESS, the newest first, with the name of
// their zones and nothing more of what rights follow from. What changes meanwhile is shown as
// it was or as it is.
func (r *Reader) EachRecord(ctx context.Context, c rights.Caller, with RecordsWith, each func(Record) error) error {
	return r.eachRecord(ctx, c, with, each, recordsAtOnce)
}

func (r *Reader) eachRecord(ctx context.Context, c rights.Caller, with RecordsWith, each func(Record) error, atOnce int) error {
	for before := int64(math.MaxInt64); ; {
		rows, err := listWith(query.MomentOf(ctx), c, with).Before(ctx, r.pool, before, atOnce)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
			before = row.ID
		}
		if len(rows) < atOnce {
			return nil
		}
	}
}

func listWith(at query.Moment, c rights.Caller, with RecordsWith) *query.List[Record] {
	l := listRecords(at, c, RecordFilter{Type: with.Type, TTL: with.TTL, ViewName: with.ViewName})
	l.Columns = func(r *Record) []table.Column {
		return append(r.shown(), table.Column{Name: "z.name", Place: &r.Zone.Name})
	}
	l.From = rowsOfRecords + " JOIN " + namesOfZones + " z ON z.id = r.zone_id"
	if with.Host != "" {
		l.Text("lower(t.host) = ?", with.Host)
	}
	if with.Types != nil {
		l.Where("(t.type = ANY (?::text[]) OR starts_with(t.type, 'TYPE'))", with.Types)
	}
	if len(with.Zones) > 0 {
		l.And("t.zone_id IN (SELECT z.id FROM " + namesOfZones + " z WHERE " + rights.MatchesAny(&l.Conditions, "z.name", with.Zones) + ")")
	}
	return l
}

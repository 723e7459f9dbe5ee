package dnsmodel

import (
	"context"
	"math"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

const (
	// lookedBelow is how many records of a zone are looked through for those below a name:
	// no index has them, see decision 0153.
	lookedBelow = 20_000
	// shownBelow is how many are returned.
	shownBelow = 200
)

// RecordsBelow returns records that the caller may ACCESS at the names below some cuts of a
// zone, and the NS records at the cuts themselves: some of them if there are many, and of a
// zone with very many records those among its newest.
func (r *Reader) RecordsBelow(ctx context.Context, c rights.Caller, zone int64, cuts []dns.Cut) ([]Record, error) {
	return listBelow(ctx, c, zone, cuts, lookedBelow).Before(ctx, r.pool, math.MaxInt64, shownBelow)
}

func listBelow(ctx context.Context, c rights.Caller, zone int64, cuts []dns.Cut, most int) *query.List[Record] {
	l := listRecords(query.MomentOf(ctx), c, RecordFilter{})
	var any []string
	for _, cut := range cuts {
		below, at := l.Arg(cut.Below())+"::text", l.Arg(dns.Place(cut.Host))+"::text"
		any = append(any, "x.view_id = "+l.Arg(cut.ViewID)+" AND (starts_with(x.place, "+below+") AND x.place <> '' OR x.place = "+at+" AND x.type = 'NS')")
	}
	// Names are compared first, in a part of their own, as in listFound.
	l.IDs = "(SELECT x.* FROM (SELECT n.* FROM " + records.In("dns") + " n WHERE n.zone_id = " + l.Arg(zone) +
		" ORDER BY n.id DESC LIMIT " + l.Arg(most) + ") x WHERE " + strings.Join(any, " OR ") + " OFFSET 0) t"
	return l
}

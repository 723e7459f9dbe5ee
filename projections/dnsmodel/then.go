package dnsmodel

import (
	"context"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// ServersThen returns what servers were, as [query.List.Then] says; and so do the others, of
// other kinds, whoever asks.
func (r *Reader) ServersThen(ctx context.Context, wanted []query.Then) ([]*Server, error) {
	return listServers(query.Thens).Then(ctx, r.pool, wanted)
}

// ViewsThen is ServersThen for views.
func (r *Reader) ViewsThen(ctx context.Context, wanted []query.Then) ([]*View, error) {
	return listViews(query.Thens).Then(ctx, r.pool, wanted)
}

// ZonesThen is ServersThen for zones.
func (r *Reader) ZonesThen(ctx context.Context, wanted []query.Then) ([]*Zone, error) {
	return listZones(query.Thens, rights.System(), ZoneFilter{}).Then(ctx, r.pool, wanted)
}

// RecordsThen is ServersThen for records.
func (r *Reader) RecordsThen(ctx context.Context, wanted []query.Then) ([]*Record, error) {
	l := query.List[Record]{
		At: query.Thens, Columns: (*Record).listedThen, From: rowsOfThen + rights.JoinTarget(access.KindZone, "r.zone_id"),
	}
	return l.Then(ctx, r.pool, wanted)
}

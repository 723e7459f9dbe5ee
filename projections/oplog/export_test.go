package oplog

import (
	"context"

	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// ByGroup lists entries as while they are few.
func (r *Reader) ByGroup(ctx context.Context) func(rights.Caller, Filter, query.Page) ([]Entry, int, error) {
	return func(c rights.Caller, f Filter, p query.Page) ([]Entry, int, error) { return r.Entries(ctx, c, f, p) }
}

// InOrder lists entries as when there are many.
func (r *Reader) InOrder(ctx context.Context) func(rights.Caller, Filter, query.Page) ([]Entry, int, error) {
	return func(c rights.Caller, f Filter, p query.Page) ([]Entry, int, error) {
		l := listEntries(query.MomentOf(ctx), c, f)
		l.UpTo = 0
		return read(ctx, r.pool, l, p)
	}
}

// ListEntries is for tests of what a list costs.
var ListEntries = listEntries

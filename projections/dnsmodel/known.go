package dnsmodel

import (
	"context"

	"github.com/opsledger/opsledger/projections/rights"
)

// Known is [rights.Know], of what the read models have now.
func (r *Reader) Known(ctx context.Context, servers, zones, records []int64) (rights.Known, error) {
	return rights.Know(ctx, r.pool, servers, zones, records)
}

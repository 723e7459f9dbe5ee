package accessmodel

import (
	"context"

	"github.com/opsledger/opsledger/projections/query"
)

// UsersThen returns what users were, as [query.List.Then] says. Whoever is gone is nobody then.
func (r *Reader) UsersThen(ctx context.Context, wanted []query.Then) ([]*User, error) {
	return listUsers(query.Thens).Then(ctx, r.pool, wanted)
}

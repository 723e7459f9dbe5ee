package projections

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// Model is the read model of one context.
//
// Invariants that an implementation keeps:
//  1. What Apply writes depends only on the events applied before and now, never
//     on time, chance or other tables than the model's own (and the log itself).
//  2. Applying a list of events in one batch or in many gives the same rows.
type Model interface {
	// Context names the events that the model wants, and the schema it lives in.
	Context() domain.Context
	// Version is raised when the tables' form or meaning changes; a start with
	// older tables rebuilds them.
	Version() int
	// Create makes the empty tables in the given schema, which exists.
	Create(ctx context.Context, tx pgx.Tx, schema string) error
	// Apply takes consecutive events of the model's context. The runner adds the
	// checkpoint to the same transaction.
	Apply(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) error
}

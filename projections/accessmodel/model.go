package accessmodel

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/table"
)

// Model implements projections.Model.
//
// Invariants, beside those of the interface:
//  1. Events are applied in the order of the log without a gap: the first one's
//     Prev is the last one applied. Anything else is an error and writes nothing.
//  2. The operation log holds usernames, ids and names of roles and privileges: no
//     secret and no personal data, not even sealed. Of a deleted user, no table
//     holds more than the id, the name and the roles once held.
//  3. Users, roles, privileges, and who holds what, and webhooks, are kept with what they were, see package
//     rowset; of a deleted user without the personal data. Credentials and
//     tokens for enrolments have no past.
//  4. An event that contradicts the state is an error and writes nothing. A login of
//     a deleted user is no such event, since logins are not decided on the log.
type Model struct{}

// New returns the model.
func New() *Model { return &Model{} }

// Context implements projections.Model.
func (m *Model) Context() domain.Context { return domain.ContextAccess }

// Version implements projections.Model.
func (m *Model) Version() int { return 12 }

// Create implements projections.Model.
func (m *Model) Create(ctx context.Context, tx pgx.Tx, schema string) error {
	tables := append(oplog.Create(),
		users.Create(), userRoles.Create(), roles.Create(), rolePrivileges.Create(), privileges.Create(), credentials.Create(), enrolmentTokens.Create(), webhooks.Create(), states.Create())
	for _, sql := range tables {
		if _, err := tx.Exec(ctx, table.InSchema(schema, sql)); err != nil {
			return fmt.Errorf("create the access tables: %w", err)
		}
	}
	var first pgx.Batch
	states.Put(&first, schema, []state{{}})
	putBuiltinRoles(&first, schema)
	putBuiltinPrivileges(&first, schema)
	if err := tx.SendBatch(ctx, &first).Close(); err != nil {
		return fmt.Errorf("add the built-in roles: %w", err)
	}
	return nil
}

// Apply implements projections.Model.
func (m *Model) Apply(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	batch, err := load(ctx, tx, schema, events)
	if err != nil {
		return fmt.Errorf("load access rows: %w", err)
	}
	for i, e := range events {
		if err := batch.apply(e); err != nil {
			return fmt.Errorf("apply event %d: %w", e.Position, err)
		}
		if i+1 == len(events) || events[i+1].End() != e.End() {
			batch.endChange(e.End())
		}
	}
	if err := batch.write(ctx, tx, schema); err != nil {
		return fmt.Errorf("write access rows: %w", err)
	}
	return nil
}

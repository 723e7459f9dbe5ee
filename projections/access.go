package projections

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// AccessModel is the users and their roles, and the operation log of them.
//
// Invariants, beside those of [Model]:
//  1. Events are applied in the order of the log without a gap, as by [DNSModel].
//  2. The operation log holds usernames, ids and roles: no secret and no personal
//     data, not even sealed, so that erasing a user's key erases the person.
type AccessModel struct{}

// NewAccessModel returns the model.
func NewAccessModel() *AccessModel { return &AccessModel{} }

// Context implements [Model].
func (m *AccessModel) Context() domain.Context { return domain.ContextAccess }

// Version implements [Model].
func (m *AccessModel) Version() int { return 1 }

// Create implements [Model].
func (m *AccessModel) Create(ctx context.Context, tx pgx.Tx, schema string) error {
	for _, table := range []string{createUsers, createRoles, createOplogs, createAccessState} {
		if _, err := tx.Exec(ctx, inSchema(schema, table)); err != nil {
			return fmt.Errorf("create the access tables: %w", err)
		}
	}
	roles := builtinRoles()
	_, err := tx.Exec(ctx, inSchema(schema, addRoles),
		column(roles, func(r Role) int64 { return r.ID }), column(roles, func(r Role) string { return r.Name }))
	if err != nil {
		return fmt.Errorf("add the built-in roles: %w", err)
	}
	return nil
}

// Apply implements [Model].
func (m *AccessModel) Apply(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	batch, err := loadAccess(ctx, tx, schema, events)
	if err != nil {
		return fmt.Errorf("load access rows: %w", err)
	}
	for _, e := range events {
		if err := batch.apply(e); err != nil {
			return fmt.Errorf("apply event %d: %w", e.Position, err)
		}
	}
	if err := batch.write(ctx, tx, schema); err != nil {
		return fmt.Errorf("write access rows: %w", err)
	}
	return nil
}

package projections

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// AccessModel is the users, roles and privileges, who has held what since when,
// and the operation log of them.
//
// Invariants, beside those of [Model]:
//  1. Events are applied in the order of the log without a gap, as by [DNSModel].
//  2. The operation log holds usernames, ids and names of roles and privileges: no
//     secret and no personal data, not even sealed. Of a deleted user, no table
//     holds more than the id, the name and the roles once held.
//  3. What a user or a role held is kept with the positions from which and until
//     which they held it, and what a privilege covered likewise.
//  4. An event that contradicts the state is an error and writes nothing; but a
//     login of a user who is gone is none, since logins are not decided on the log.
type AccessModel struct{}

// NewAccessModel returns the model.
func NewAccessModel() *AccessModel { return &AccessModel{} }

// Context implements [Model].
func (m *AccessModel) Context() domain.Context { return domain.ContextAccess }

// Version implements [Model].
func (m *AccessModel) Version() int { return 3 }

// Create implements [Model].
func (m *AccessModel) Create(ctx context.Context, tx pgx.Tx, schema string) error {
	for _, table := range []string{createUsers, userRoles.create(), createRoles, rolePrivileges.create(), createPrivileges, createOplogs, createAccessState} {
		if _, err := tx.Exec(ctx, InSchema(schema, table)); err != nil {
			return fmt.Errorf("create the access tables: %w", err)
		}
	}
	var builtin pgx.Batch
	addBuiltinRoles(&builtin, schema)
	addBuiltinPrivileges(&builtin, schema)
	if err := tx.SendBatch(ctx, &builtin).Close(); err != nil {
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

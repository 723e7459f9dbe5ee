package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/opsledger/opsledger/domain"
)

// checkpoint is the one row of a schema's table of the same name. It says what
// the schema's tables hold, and is changed in the transaction that changes them.
//
// Invariants:
//  1. Every event of the context up to position, and none behind it, is applied.
//  2. The row moves by compare-and-set, before the tables are touched: of several
//     runners that apply the same events, one does and the others roll back.
//  3. A retired row never moves again: whoever waited for its lock while the
//     tables were replaced changes nothing.
type checkpoint struct {
	position domain.Position
	log      uuid.UUID
	version  int
	retired  bool
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// errNoTables says that the schema, or its checkpoint, is not there.
var errNoTables = errors.New("the read model's tables do not exist")

// schemaOf is the schema that a context's read models are served from.
func schemaOf(c domain.Context) string { return string(c) }

// nextSchemaOf is where a rebuild prepares the next tables.
func nextSchemaOf(c domain.Context) string { return string(c) + "_next" }

// oldSchemaOf is where replaced tables wait to be dropped.
func oldSchemaOf(c domain.Context) string { return string(c) + "_old" }

func checkpointTable(schema string) string {
	return pgx.Identifier{schema, "checkpoint"}.Sanitize()
}

// createCheckpoint makes the table and its row at position 0. Free space in the
// page keeps the row's updates from growing it while a long read blocks pruning.
func createCheckpoint(ctx context.Context, q querier, schema string, log uuid.UUID, version int) error {
	table := checkpointTable(schema)
	if _, err := q.Exec(ctx, `CREATE TABLE `+table+` (
		singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
		position  bigint  NOT NULL,
		log       uuid    NOT NULL,
		version   int     NOT NULL,
		retired   boolean NOT NULL DEFAULT false
	) WITH (fillfactor = 10)`); err != nil {
		return fmt.Errorf("create checkpoint: %w", err)
	}
	if _, err := q.Exec(ctx, `INSERT INTO `+table+` (position, log, version) VALUES (0, $1, $2)`, log, version); err != nil {
		return fmt.Errorf("create checkpoint: %w", err)
	}
	return nil
}

// readCheckpoint returns errNoTables when there is none.
func readCheckpoint(ctx context.Context, q querier, schema string) (checkpoint, error) {
	return scanCheckpoint(q.QueryRow(ctx, `SELECT position, log, version, retired FROM `+checkpointTable(schema)))
}

// lockCheckpoint is readCheckpoint with a lock on the row until the transaction's end.
func lockCheckpoint(ctx context.Context, q querier, schema string) (checkpoint, error) {
	return scanCheckpoint(q.QueryRow(ctx, `SELECT position, log, version, retired FROM `+checkpointTable(schema)+` FOR UPDATE`))
}

func scanCheckpoint(row pgx.Row) (checkpoint, error) {
	var c checkpoint
	err := row.Scan(&c.position, &c.log, &c.version, &c.retired)
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return c, errNoTables
	case errors.As(err, &pg) && (pg.Code == undefinedTable || pg.Code == invalidSchema):
		return c, errNoTables
	case err != nil:
		return c, fmt.Errorf("read checkpoint: %w", err)
	}
	return c, nil
}

const (
	undefinedTable = "42P01"
	invalidSchema  = "3F000"
)

// moveCheckpoint sets the position and tells whether the row was still as the
// caller believed. It locks the row until the transaction's end.
func moveCheckpoint(ctx context.Context, q querier, schema string, from checkpoint, to domain.Position) (bool, error) {
	tag, err := q.Exec(ctx, moveStatement(schema), to, from.position, from.log, from.version)
	if err != nil {
		return false, fmt.Errorf("move checkpoint: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// queueMove is moveCheckpoint as a part of a batch, which it ends with errLost
// when the row was another one.
func queueMove(out *pgx.Batch, schema string, from checkpoint, to domain.Position) {
	out.Queue(moveStatement(schema), to, from.position, from.log, from.version).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != 1 {
			return errLost
		}
		return nil
	})
}

func moveStatement(schema string) string {
	return `UPDATE ` + checkpointTable(schema) + ` SET position = $1 WHERE position = $2 AND log = $3 AND version = $4 AND NOT retired`
}

// retireCheckpoint fences whoever still believes in these tables.
func retireCheckpoint(ctx context.Context, q querier, schema string) error {
	if _, err := q.Exec(ctx, `UPDATE `+checkpointTable(schema)+` SET retired = true`); err != nil {
		return fmt.Errorf("retire checkpoint: %w", err)
	}
	return nil
}

package projections

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

const (
	createAccessState = `CREATE TABLE {schema}.state (
			singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), last_event bigint NOT NULL);
		INSERT INTO {schema}.state (last_event) VALUES (0)`

	loadAccessState = `SELECT last_event FROM {schema}.state`

	writeAccessState = `UPDATE {schema}.state SET last_event = $1`
)

// accessBatch is the part of the access state that a batch of events touches.
type accessBatch struct {
	lastEvent domain.Position
	users     *rowset[domain.UserID, User]
	roles     map[int64]string
	oplogs    []Oplog
}

// loadAccess reads the users that the events are of and by, and all roles.
func loadAccess(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) (*accessBatch, error) {
	b := &accessBatch{users: newRowset[domain.UserID, User](), roles: map[int64]string{}}
	var users keys[int64]
	for _, e := range events {
		users.add(int64(e.Actor))
		switch e := e.Event.(type) {
		case access.UserRegistered:
			users.add(int64(e.ID))
		case access.UserRolesChanged:
			users.add(int64(e.ID))
		}
	}
	var queries pgx.Batch
	queries.Queue(pinPlans)
	queries.Queue(inSchema(schema, loadAccessState)).QueryRow(func(row pgx.Row) error { return row.Scan(&b.lastEvent) })
	queries.Queue(inSchema(schema, loadRoles)).Query(func(rows pgx.Rows) error {
		var role Role
		_, err := pgx.ForEachRow(rows, []any{&role.ID, &role.Name}, func() error { b.roles[role.ID] = role.Name; return nil })
		return err
	})
	b.loadUsers(&queries, schema, users.list)
	return b, tx.SendBatch(ctx, &queries).Close()
}

// apply takes the next event.
func (b *accessBatch) apply(e domain.Recorded) error {
	if e.Prev != b.lastEvent {
		return fmt.Errorf("its predecessor is %d, but the last one applied is %d", e.Prev, b.lastEvent)
	}
	b.lastEvent = e.Position
	switch event := e.Event.(type) {
	case access.UserRegistered:
		return b.userRegistered(e, event)
	case access.UserRolesChanged:
		return b.userRolesChanged(e, event)
	default:
		return fmt.Errorf("unknown event type %T", e.Event)
	}
}

// log adds the event's entry to the operation log.
func (b *accessBatch) log(e domain.Recorded, operation string, user User, text string) error {
	operator, err := b.operator(e)
	if err != nil {
		return err
	}
	b.oplogs = append(b.oplogs, newOplog(e, operator, operation, TargetUser, user.Username, decimal(int64(user.ID)), text))
	return nil
}

// operator names who caused the event. Who registers acts for themselves; only
// the user of the first start is registered by opsledger itself.
func (b *accessBatch) operator(e domain.Recorded) (string, error) {
	if event, ok := e.Event.(access.UserRegistered); ok && e.Actor == domain.System && event.ID != access.AdminID {
		return event.Username, nil
	}
	if e.Actor == domain.System {
		return SystemOperator, nil
	}
	user, err := b.user(e.Actor)
	return user.Username, err
}

// write stores what the events changed.
func (b *accessBatch) write(ctx context.Context, tx pgx.Tx, schema string) error {
	var writes pgx.Batch
	b.writeUsers(&writes, schema)
	if err := writeOplogs(ctx, tx, &writes, schema, b.oplogs); err != nil {
		return err
	}
	writes.Queue(inSchema(schema, writeAccessState), int64(b.lastEvent))
	return tx.SendBatch(ctx, &writes).Close()
}

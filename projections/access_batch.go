package projections

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/rowset"
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
	lastEvent  domain.Position
	users      *rowset.Set[domain.UserID, userRow]
	roles      *rowset.Set[int64, roleRow]
	privileges *rowset.Set[int64, privilegeRow]
	// userRoles and rolePrivileges say who holds what.
	userRoles, rolePrivileges *timeline
	// replaced are the changes of roles, ended the former states of privileges.
	replaced []pair
	ended    []privilegeRow
	oplogs   []Oplog
}

// loadAccess reads what the events touch in one round trip.
func loadAccess(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) (*accessBatch, error) {
	b := &accessBatch{
		users: rowset.New[domain.UserID, userRow]("user"), roles: rowset.New[int64, roleRow]("role"), privileges: rowset.New[int64, privilegeRow]("privilege"),
		userRoles: newTimeline(), rolePrivileges: newTimeline(),
	}
	k := accessTouchedBy(events)
	var queries pgx.Batch
	queries.Queue(pinPlans)
	queries.Queue(InSchema(schema, loadAccessState)).QueryRow(func(row pgx.Row) error { return row.Scan(&b.lastEvent) })
	b.loadUsers(&queries, schema, k.users.list)
	userRoles.load(&queries, schema, k.users.list, b.userRoles)
	if k.roles {
		b.loadRoles(&queries, schema)
	}
	rolePrivileges.load(&queries, schema, k.sets.list, b.rolePrivileges)
	b.loadPrivileges(&queries, schema, k.privileges.list)
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
	case access.UserProfileChanged:
		return b.userProfileChanged(e, event)
	case access.UserRolesChanged:
		return b.userRolesChanged(e, event)
	case access.UserPermissionsChanged:
		return b.userPermissionsChanged(e, event)
	case access.UserPasswordChanged:
		return b.userPasswordChanged(e, event)
	case access.UserLinked:
		return b.userLinked(e, event)
	case access.UserDeleted:
		return b.userDeleted(e, event)
	case access.UserLoggedIn:
		b.userLoggedIn(e, event)
		return nil
	case access.LoginFailed:
		return nil
	default:
		return b.applyGrants(e)
	}
}

// applyGrants takes the events on roles and privileges.
func (b *accessBatch) applyGrants(e domain.Recorded) error {
	switch event := e.Event.(type) {
	case access.RoleCreated:
		return b.roleCreated(e, event)
	case access.RoleChanged:
		return b.roleChanged(e, event)
	case access.RoleDeleted:
		return b.roleDeleted(e, event)
	case access.PrivilegeCreated:
		return b.privilegeCreated(e, event)
	case access.PrivilegeChanged:
		return b.privilegeChanged(e, event)
	case access.PrivilegeDeleted:
		return b.privilegeDeleted(e, event)
	default:
		return fmt.Errorf("unknown event type %T", e.Event)
	}
}

// log adds the event's entry to the operation log.
func (b *accessBatch) log(e domain.Recorded, operation, target, name string, id int64, text string) error {
	operator, err := b.operator(e)
	if err != nil {
		return err
	}
	b.oplogs = append(b.oplogs, newOplog(e, operator, operation, target, name, decimal(id), text))
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
	user, known := b.users.Get(e.Actor)
	if !known {
		return "", fmt.Errorf("its actor, user %d, does not exist", e.Actor)
	}
	return user.Username, nil
}

// write stores what the events changed.
func (b *accessBatch) write(ctx context.Context, tx pgx.Tx, schema string) error {
	var writes pgx.Batch
	b.writeUsers(&writes, schema)
	userRoles.write(&writes, schema, b.userRoles)
	b.writeRoles(&writes, schema)
	rolePrivileges.write(&writes, schema, b.rolePrivileges)
	b.writePrivileges(&writes, schema)
	if err := writeOplogs(ctx, tx, &writes, schema, b.oplogs); err != nil {
		return err
	}
	writes.Queue(InSchema(schema, writeAccessState), int64(b.lastEvent))
	return tx.SendBatch(ctx, &writes).Close()
}

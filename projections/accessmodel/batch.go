package accessmodel

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// batch is the part of the access state that a batch of events touches.
type batch struct {
	lastEvent   domain.Position
	users       *rowset.Set[domain.UserID, userRow]
	roles       *rowset.Set[int64, RoleRow]
	privileges  *rowset.Set[int64, privilegeRow]
	credentials *rowset.Set[domain.CredentialID, credentialRow]
	tokens      *rowset.Set[domain.CredentialID, EnrolmentToken]
	webhooks    *rowset.Set[access.WebhookID, Webhook]
	// userRoles and rolePrivileges say who holds what.
	userRoles, rolePrivileges *holdings
	// erased are the users whose personal data no state of theirs has any more.
	erased  []int64
	entries []oplog.Entry
}

// state is what the model knows beside its rows.
type state struct{ lastEvent domain.Position }

var states = table.Table[state]{Name: "state", Key: "singleton", Columns: func(s *state) []table.Column {
	return []table.Column{table.Only(), table.Col("last_event", table.Number, &s.lastEvent)}
}}

// load reads what the events touch in one round trip.
func load(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) (*batch, error) {
	b := &batch{
		users:       rowset.NewVersioned("user", func(u userRow) domain.UserID { return u.ID }, sameUser),
		roles:       rowset.NewVersioned("role", func(r RoleRow) int64 { return r.ID }, nil),
		privileges:  rowset.NewVersioned("privilege", func(p privilegeRow) int64 { return p.ID }, nil),
		credentials: rowset.New("credential", func(c credentialRow) domain.CredentialID { return c.ID }),
		tokens:      rowset.New("token for an enrolment", func(t EnrolmentToken) domain.CredentialID { return t.ID }),
		webhooks:    rowset.NewVersioned("webhook", func(w Webhook) access.WebhookID { return w.ID }, nil),
		userRoles:   newHoldings("role of a user"), rolePrivileges: newHoldings("privilege of a role"),
	}
	k := touchedBy(events)
	var queries pgx.Batch
	queries.Queue(table.PinPlans)
	states.LoadAll(&queries, schema, func(s state) { b.lastEvent = s.lastEvent })
	table.Load(&queries, schema, users.Now(), "id", k.users.List, "", b.users.LoadedVersion)
	table.Load(&queries, schema, userRoles.Now(), "user_id", k.users.List, "", b.userRoles.loaded)
	if k.roles {
		roles.Now().LoadAll(&queries, schema, b.roles.LoadedVersion)
	}
	table.Load(&queries, schema, rolePrivileges.Now(), "role_id", k.sets.List, "", b.rolePrivileges.loaded)
	table.Load(&queries, schema, privileges.Now(), "id", k.privileges.List, "", b.privileges.LoadedVersion)
	table.Load(&queries, schema, credentials, "id", k.credentials.List, "", b.credentials.Loaded)
	table.Load(&queries, schema, enrolmentTokens, "id", k.tokens.List, "", b.tokens.Loaded)
	table.Load(&queries, schema, webhooks.Now(), "id", k.webhooks.List, "", b.webhooks.LoadedVersion)
	return b, tx.SendBatch(ctx, &queries).Close()
}

// endChange ends the change that the last events were of.
func (b *batch) endChange(at domain.Position) {
	for _, set := range []interface{ EndChange(domain.Position) }{b.users, b.userRoles, b.roles, b.rolePrivileges, b.privileges, b.webhooks} {
		set.EndChange(at)
	}
}

// apply takes the next event.
func (b *batch) apply(e domain.Recorded) error {
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
	case access.LoginFailed, access.SessionEnded, access.LogKeyRotated:
		return nil
	default:
		return b.applyGrants(e)
	}
}

// applyGrants takes the events on roles, privileges and credentials.
func (b *batch) applyGrants(e domain.Recorded) error {
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
	case access.CredentialAdded:
		return b.credentialAdded(e, event)
	case access.CredentialDeleted:
		return b.credentialDeleted(e, event)
	case access.EnrolmentTokenAdded:
		return b.enrolmentTokenAdded(e, event)
	case access.EnrolmentTokenEnded:
		return b.enrolmentTokenEnded(e, event)
	default:
		return b.applyWebhook(e)
	}
}

// log adds the event's entry to the operation log.
func (b *batch) log(e domain.Recorded, operation string, on oplog.Target, texts oplog.Texts) error {
	operator, err := b.operator(e)
	if err != nil {
		return err
	}
	b.entries = append(b.entries, oplog.New(e, operator, operation, on, texts))
	return nil
}

// operator names who caused the event. Who registers acts for themselves; only
// the user of the first start is registered by opsledger itself.
func (b *batch) operator(e domain.Recorded) (string, error) {
	if event, ok := e.Event.(access.UserRegistered); ok && e.Actor == domain.System && event.ID != access.AdminID {
		return event.Username, nil
	}
	if e.Actor == domain.System {
		return oplog.SystemOperator, nil
	}
	user, known := b.users.Get(e.Actor)
	if !known {
		return "", fmt.Errorf("its actor, user %d, does not exist", e.Actor)
	}
	return user.Username, nil
}

// write stores what the events changed.
func (b *batch) write(ctx context.Context, tx pgx.Tx, schema string) error {
	var writes pgx.Batch
	err := errors.Join(
		table.SaveVersions(ctx, tx, &writes, schema, users, b.users),
		table.SaveVersions(ctx, tx, &writes, schema, userRoles, b.userRoles.Set),
		table.SaveVersions(ctx, tx, &writes, schema, roles, b.roles),
		table.SaveVersions(ctx, tx, &writes, schema, rolePrivileges, b.rolePrivileges.Set),
		table.SaveVersions(ctx, tx, &writes, schema, privileges, b.privileges),
		table.SaveVersions(ctx, tx, &writes, schema, webhooks, b.webhooks),
		table.Save(ctx, tx, &writes, schema, credentials, b.credentials),
		table.Save(ctx, tx, &writes, schema, enrolmentTokens, b.tokens),
		oplog.Write(ctx, tx, &writes, schema, b.entries),
	)
	if err != nil {
		return err
	}
	if len(b.erased) > 0 {
		writes.Queue(table.InSchema(schema, erase), b.erased)
	}
	states.Update(&writes, schema, []state{{b.lastEvent}})
	return tx.SendBatch(ctx, &writes).Close()
}

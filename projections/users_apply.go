package projections

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

const (
	createUsers = `CREATE TABLE {schema}.users (
			id bigint PRIMARY KEY, username text COLLATE "C" NOT NULL, source text NOT NULL,
			mail text NOT NULL, nickname text NOT NULL, phone text NOT NULL, position text NOT NULL, location text NOT NULL,
			credential text NOT NULL, personal_key text NOT NULL, member_since timestamptz NOT NULL, changed bigint NOT NULL);
		CREATE INDEX ON {schema}.users (lower(username));
		CREATE TABLE {schema}.user_roles (user_id bigint NOT NULL, role_id bigint NOT NULL, PRIMARY KEY (user_id, role_id))`

	loadUsers = `SELECT ` + userColumns + ` FROM {schema}.users u WHERE u.id = ANY ($1::bigint[])`

	writeUsers = `INSERT INTO {schema}.users (id, username, source, mail, nickname, phone, position, location, credential, personal_key, member_since, changed)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
			$11::timestamptz[], $12::bigint[])
		ON CONFLICT (id) DO UPDATE SET changed = excluded.changed`

	dropMemberships = `DELETE FROM {schema}.user_roles WHERE user_id = ANY ($1::bigint[])`

	addMemberships = `INSERT INTO {schema}.user_roles (user_id, role_id) SELECT * FROM unnest($1::bigint[], $2::bigint[])`
)

func (b *accessBatch) userRegistered(e domain.Recorded, event access.UserRegistered) error {
	if _, exists := b.users.get(event.ID); exists {
		return fmt.Errorf("user %d exists", event.ID)
	}
	user := User{
		ID: event.ID, Username: event.Username, Source: event.Source,
		Mail: event.Mail, Nickname: event.Nickname, Phone: event.Phone, Position: event.Position, Location: event.Location,
		Credential: event.Credential, PersonalKey: event.PersonalKey, MemberSince: e.At, Changed: e.Position,
	}
	b.users.put(user.ID, user)
	return b.log(e, OperationAdd, user, userDetail(user))
}

func (b *accessBatch) userRolesChanged(e domain.Recorded, event access.UserRolesChanged) error {
	before, err := b.user(event.ID)
	if err != nil {
		return err
	}
	after := before
	after.Changed, after.Roles = e.Position, make([]Role, len(event.After))
	for i, id := range event.After {
		name, exists := b.roles[id]
		if !exists {
			return fmt.Errorf("role %d does not exist", id)
		}
		after.Roles[i] = Role{ID: id, Name: name}
	}
	b.users.put(after.ID, after)
	return b.log(e, OperationChange, after, beforeChange+userDetail(before))
}

func (b *accessBatch) user(id domain.UserID) (User, error) {
	user, exists := b.users.get(id)
	if !exists {
		return user, fmt.Errorf("user %d does not exist", id)
	}
	return user, nil
}

func userDetail(u User) string {
	var d detail
	d.number("id", int64(u.ID))
	d.line("用户名", u.Username)
	d.line("来源", u.Source)
	d.names("角色", column(u.Roles, func(r Role) string { return r.Name }))
	return d.String()
}

func (b *accessBatch) loadUsers(out *pgx.Batch, schema string, ids []int64) {
	queueLoad(out, inSchema(schema, loadUsers), ids, func(rows pgx.Rows) error {
		var u User
		err := rows.Scan(scanUser(&u)...)
		b.users.loaded(u.ID, u)
		return err
	})
}

func (b *accessBatch) writeUsers(out *pgx.Batch, schema string) {
	added, altered, _ := b.users.writes()
	users := append(added, altered...)
	if len(users) == 0 {
		return
	}
	ids := column(users, func(u User) int64 { return int64(u.ID) })
	text := func(value func(User) string) []string { return column(users, value) }
	out.Queue(inSchema(schema, writeUsers), ids,
		text(func(u User) string { return u.Username }), text(func(u User) string { return u.Source }),
		text(func(u User) string { return string(u.Mail) }), text(func(u User) string { return string(u.Nickname) }),
		text(func(u User) string { return string(u.Phone) }), text(func(u User) string { return string(u.Position) }),
		text(func(u User) string { return string(u.Location) }), text(func(u User) string { return u.Credential }),
		text(func(u User) string { return u.PersonalKey }),
		column(users, func(u User) time.Time { return u.MemberSince }), column(users, func(u User) int64 { return int64(u.Changed) }))
	var holders, roles []int64
	for _, u := range users {
		for _, role := range u.Roles {
			holders, roles = append(holders, int64(u.ID)), append(roles, role.ID)
		}
	}
	queueDrop(out, inSchema(schema, dropMemberships), ids)
	out.Queue(inSchema(schema, addMemberships), holders, roles)
}

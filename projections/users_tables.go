package projections

import (
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	createUsers = `CREATE TABLE {schema}.users (
			id bigint PRIMARY KEY, username text COLLATE "C" NOT NULL, source text NOT NULL,
			mail text NOT NULL, nickname text NOT NULL, phone text NOT NULL, position text NOT NULL, location text NOT NULL, department text NOT NULL, mail_digest text NOT NULL,
			credential text NOT NULL, personal_key text NOT NULL, codes bigint[] NOT NULL,
			member_since timestamptz NOT NULL, last_seen timestamptz NOT NULL, changed bigint NOT NULL, deleted bigint NOT NULL);
		CREATE INDEX ON {schema}.users (lower(username)) WHERE deleted = ` + forEver

	loadUsers = `SELECT ` + userColumns + `, u.deleted FROM {schema}.users u WHERE u.id = ANY ($1::bigint[])`

	// unnest would flatten lists of lists, so codes come as texts.
	writeUsers = `INSERT INTO {schema}.users (id, username, source, mail, nickname, phone, position, location, department, mail_digest, credential, personal_key,
			codes, member_since, last_seen, changed, deleted)
		SELECT n.id, n.username, n.source, n.mail, n.nickname, n.phone, n.position, n.location, n.department, n.mail_digest, n.credential, n.personal_key,
			string_to_array(n.codes, ' ')::bigint[], n.member_since, n.last_seen, n.changed, n.deleted
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
				$12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::bigint[], $17::bigint[])
			AS n (id, username, source, mail, nickname, phone, position, location, department, mail_digest, credential, personal_key,
				codes, member_since, last_seen, changed, deleted)
		ON CONFLICT (id) DO UPDATE SET source = excluded.source, mail = excluded.mail, nickname = excluded.nickname, phone = excluded.phone,
			position = excluded.position, location = excluded.location, department = excluded.department, mail_digest = excluded.mail_digest, credential = excluded.credential,
			personal_key = excluded.personal_key, codes = excluded.codes, last_seen = excluded.last_seen, changed = excluded.changed, deleted = excluded.deleted`
)

// userRoles is who holds which role.
var userRoles = timelineTable{table: "user_roles", holder: "user_id", held: "role_id"}

func (b *accessBatch) loadUsers(out *pgx.Batch, schema string, ids []int64) {
	queueLoad(out, InSchema(schema, loadUsers), ids, func(rows pgx.Rows) error {
		var u userRow
		err := rows.Scan(append(scanUser(&u.User), &u.deleted)...)
		b.users.Loaded(u.ID, u)
		return err
	})
}

func (b *accessBatch) writeUsers(out *pgx.Batch, schema string) {
	added, altered, _ := b.users.Writes()
	users := append(added, altered...)
	if len(users) == 0 {
		return
	}
	text := func(value func(userRow) string) []string { return Column(users, value) }
	moment := func(value func(userRow) time.Time) []time.Time { return Column(users, value) }
	out.Queue(InSchema(schema, writeUsers), Column(users, func(u userRow) int64 { return int64(u.ID) }),
		text(func(u userRow) string { return u.Username }), text(func(u userRow) string { return u.Source }),
		text(func(u userRow) string { return string(u.Mail) }), text(func(u userRow) string { return string(u.Nickname) }),
		text(func(u userRow) string { return string(u.Phone) }), text(func(u userRow) string { return string(u.Position) }),
		text(func(u userRow) string { return string(u.Location) }),
		text(func(u userRow) string { return u.Department }), text(func(u userRow) string { return u.MailDigest }),
		text(func(u userRow) string { return u.Credential }), text(func(u userRow) string { return u.PersonalKey }),
		text(func(u userRow) string { return spaced(Column(u.Codes, func(c int) int64 { return int64(c) })) }),
		moment(func(u userRow) time.Time { return u.MemberSince }), moment(func(u userRow) time.Time { return u.LastSeen }),
		Column(users, func(u userRow) int64 { return int64(u.Changed) }), Column(users, func(u userRow) int64 { return int64(u.deleted) }))
}

package opsmodel

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections"
)

// Grant says that a user may log in to a system account of a machine.
type Grant struct {
	User     domain.UserID
	Username string
	Machine  int64
	// IP is the address that the machine was named by, as long as it has it.
	IP, Account string
}

// AccountKeys is the set of keys that opens a system account.
type AccountKeys struct {
	Account string
	// Since is the position from which the set holds, At its time.
	Since domain.Position
	At    time.Time
	Keys  []ops.AccountKey
}

const (
	createKeys = `CREATE TABLE {schema}.user_keys ("user" bigint PRIMARY KEY, keys text[] NOT NULL, changed bigint NOT NULL);
		CREATE TABLE {schema}.grants (
			"user" bigint NOT NULL, username text NOT NULL, machine bigint NOT NULL, ip text NOT NULL, account text NOT NULL,
			PRIMARY KEY (machine, account, "user"));
		CREATE INDEX ON {schema}.grants ("user");
		CREATE INDEX ON {schema}.grants (ip);
		CREATE TABLE {schema}.account_keys (
			machine bigint NOT NULL, account text NOT NULL, since bigint NOT NULL, at timestamptz NOT NULL, keys jsonb NOT NULL,
			PRIMARY KEY (machine, account, since))`

	putUserKeys = `INSERT INTO {schema}.user_keys ("user", keys, changed) VALUES ($1, $2, $3)
		ON CONFLICT ("user") DO UPDATE SET keys = excluded.keys, changed = excluded.changed`

	addGrant = `INSERT INTO {schema}.grants ("user", username, machine, ip, account) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (machine, account, "user") DO UPDATE SET ip = excluded.ip, username = excluded.username`

	removeGrant = `DELETE FROM {schema}.grants WHERE machine = $1 AND account = $2 AND "user" = $3`

	addAccountKeys = `INSERT INTO {schema}.account_keys (machine, account, since, at, keys) VALUES ($1, $2, $3, $4, $5)`

	// A machine that got other addresses since is named by one that it has now.
	grants = `SELECT g."user", g.username, g.machine, CASE WHEN g.ip IN (m.inside_ip, m.outside_ip) THEN g.ip ELSE m.inside_ip END, g.account
		FROM ops.grants g JOIN ops.machines m ON m.id = g.machine `

	grantsOfUser = grants + `WHERE lower(g.username) = lower($1) ORDER BY g.machine, g.account`

	grantsAt = grants + `WHERE m.inside_ip = $1 OR m.outside_ip = $1 ORDER BY g.account, g.username`

	keysOfUser = `SELECT keys FROM ops.user_keys WHERE "user" = $1`

	keysOfMachine = `SELECT DISTINCT ON (account) account, since, at, keys FROM ops.account_keys
		WHERE machine = $1 ORDER BY account, since DESC`

	keysAt = `SELECT account, since, at, keys FROM ops.account_keys
		WHERE machine = $1 AND account = $2 AND at <= $3 ORDER BY since DESC LIMIT 1`
)

// keyRows are the changes that a batch of events makes, in their order; no
// event needs what was before it.
type keyRows struct{ changes []change }

type change struct {
	sql  string
	args []any
}

func (k *keyRows) add(sql string, args ...any) { k.changes = append(k.changes, change{sql, args}) }

func (k *keyRows) apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ops.UserKeysChanged:
		k.add(putUserKeys, int64(e.User), e.After, int64(r.Position))
	case ops.AccountGranted:
		k.add(addGrant, int64(e.User), e.Username, e.Machine, e.IP, e.Account)
	case ops.AccountRevoked:
		k.add(removeGrant, e.Machine, e.Account, int64(e.User))
	case ops.AccountKeysSet:
		k.add(addAccountKeys, e.Machine, e.Account, int64(r.Position), r.At, e.Keys)
	}
}

func (k *keyRows) write(out *pgx.Batch, schema string) {
	for _, c := range k.changes {
		out.Queue(projections.InSchema(schema, c.sql), c.args...)
	}
}

func scanGrant(row pgx.CollectableRow) (g Grant, err error) {
	return g, row.Scan(&g.User, &g.Username, &g.Machine, &g.IP, &g.Account)
}

// GrantsOf returns where the named user may log in; names compare without case.
func (r *Reader) GrantsOf(ctx context.Context, username string) ([]Grant, error) {
	return all(ctx, r, scanGrant, grantsOfUser, username)
}

// GrantsAt returns who may log in to the machine that has the address (canonical text).
func (r *Reader) GrantsAt(ctx context.Context, ip string) ([]Grant, error) {
	return all(ctx, r, scanGrant, grantsAt, ip)
}

// KeysOf returns a user's public keys.
func (r *Reader) KeysOf(ctx context.Context, user domain.UserID) ([]string, error) {
	lists, err := all(ctx, r, pgx.RowTo[[]string], keysOfUser, int64(user))
	if err != nil || len(lists) == 0 {
		return []string{}, err
	}
	return lists[0], nil
}

func scanAccountKeys(row pgx.CollectableRow) (a AccountKeys, err error) {
	var raw []byte
	if err = row.Scan(&a.Account, &a.Since, &a.At, &raw); err != nil {
		return a, err
	}
	a.At = a.At.UTC()
	return a, json.Unmarshal(raw, &a.Keys)
}

// KeysOnMachine returns the present set of each account that ever had one.
func (r *Reader) KeysOnMachine(ctx context.Context, machine int64) ([]AccountKeys, error) {
	return all(ctx, r, scanAccountKeys, keysOfMachine, machine)
}

// KeysAt returns the set that opened an account at a time, or [projections.ErrNotFound]
// if it had none by then.
func (r *Reader) KeysAt(ctx context.Context, machine int64, account string, at time.Time) (AccountKeys, error) {
	return one(ctx, r, scanAccountKeys, keysAt, machine, account, at)
}

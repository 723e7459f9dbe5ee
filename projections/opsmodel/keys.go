package opsmodel

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
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

// userKeys is a row of user_keys.
type userKeys struct {
	user    domain.UserID
	keys    []string
	changed domain.Position
}

var usersKeys = table.Table[userKeys]{Name: "user_keys", Key: `"user"`, Columns: func(k *userKeys) []table.Column {
	return []table.Column{
		table.Col(`"user"`, table.Number, &k.user), table.Col("keys", table.JSON, &k.keys), table.Col("changed", table.Number, &k.changed),
	}
}}

var grants = table.Keeping(table.Table[Grant]{
	Name: "grants", Key: `machine, account, "user"`,
	Columns: func(g *Grant) []table.Column {
		return []table.Column{
			table.Col(`"user"`, table.Number, &g.User),
			table.Col("username", table.Text, &g.Username),
			table.Col("machine", table.Number, &g.Machine),
			table.Col("ip", table.Text, &g.IP),
			table.Col("account", table.Text, &g.Account),
		}
	},
	Indexes: []string{`CREATE INDEX ON {schema}.grants ("user")`, "CREATE INDEX ON {schema}.grants (ip)"},
}).ListedWhole()

// accountKeys is a row of account_keys.
type accountKeys struct {
	machine int64
	AccountKeys
}

var accountsKeys = table.Table[accountKeys]{Name: "account_keys", Key: "machine, account, since", Columns: func(k *accountKeys) []table.Column {
	return append(k.columns(), table.Col("machine", table.Number, &k.machine))
}}

func (a *AccountKeys) columns() []table.Column {
	return []table.Column{
		table.Col("account", table.Text, &a.Account),
		table.Col("since", table.Number, &a.Since),
		table.Col("at", table.Time, moment{&a.At}),
		table.Col("keys", table.JSON, &a.Keys),
	}
}

const keysOfUser = `SELECT keys FROM ops.user_keys WHERE "user" = $1`

var (
	// A machine that got other addresses since is named by one that it has at the moment.
	selectGrants = `SELECT g."user", g.username, g.machine, CASE WHEN g.ip IN (m.inside_ip, m.outside_ip) THEN g.ip ELSE m.inside_ip END, g.account
		FROM ` + grants.In("ops") + ` g JOIN ` + machines.In("ops") + ` m ON m.id = g.machine `

	grantsOfUser = selectGrants + `WHERE lower(g.username) = lower($1) ORDER BY g.machine, g.account`

	grantsAt = selectGrants + `WHERE m.inside_ip = $1 OR m.outside_ip = $1 ORDER BY g.account, g.username`

	accountKeyColumns = table.Names((&AccountKeys{}).columns())

	keysOfMachine = `SELECT DISTINCT ON (account) ` + accountKeyColumns + ` FROM ops.account_keys
		WHERE machine = $1 ORDER BY account, since DESC`

	keysAt = `SELECT ` + accountKeyColumns + ` FROM ops.account_keys
		WHERE machine = $1 AND account = $2 AND at <= $3 AND since <= $4 ORDER BY since DESC LIMIT 1`

	scanAccountKeys = query.Row((*AccountKeys).columns)
)

// keyRows are the changes that a batch of events makes, in their order; no
// event needs what was before it.
type keyRows []func(out *pgx.Batch, schema string)

func (k *keyRows) apply(r domain.Recorded) {
	*k = append(*k, func(out *pgx.Batch, schema string) {
		switch e := r.Event.(type) {
		case ops.UserKeysChanged:
			usersKeys.Put(out, schema, []userKeys{{e.User, e.After, r.Position}})
		case ops.AccountKeysSet:
			set := AccountKeys{Account: e.Account, Since: r.Position, At: r.At, Keys: e.Keys}
			accountsKeys.Put(out, schema, []accountKeys{{e.Machine, set}})
		}
	})
}

// keyOwners are the users whose keys the events change.
func keyOwners(events []domain.Recorded) []domain.UserID {
	var owners []domain.UserID
	for _, r := range events {
		if e, ok := r.Event.(ops.UserKeysChanged); ok {
			owners = append(owners, e.User)
		}
	}
	return owners
}

func (k keyRows) write(out *pgx.Batch, schema string) {
	for _, change := range k {
		change(out, schema)
	}
}

// GrantsOf returns where the named user may log in; names compare without case.
func (r *Reader) GrantsOf(ctx context.Context, username string) ([]Grant, error) {
	return query.All(ctx, r.pool, query.Row(grants.Columns), grantsOfUser, username)
}

// GrantsAt returns who may log in to the machine that has the address (canonical text).
func (r *Reader) GrantsAt(ctx context.Context, ip string) ([]Grant, error) {
	return query.All(ctx, r.pool, query.Row(grants.Columns), grantsAt, ip)
}

// KeysOf returns a user's public keys.
func (r *Reader) KeysOf(ctx context.Context, user domain.UserID) ([]string, error) {
	lists, err := query.All(ctx, r.pool, pgx.RowTo[[]string], keysOfUser, int64(user))
	return append([]string{}, slices.Concat(lists...)...), err
}

// KeysOnMachine returns the present set of each account that ever had one.
func (r *Reader) KeysOnMachine(ctx context.Context, machine int64) ([]AccountKeys, error) {
	return query.All(ctx, r.pool, scanAccountKeys, keysOfMachine, machine)
}

// KeysAt returns the set that opened an account at a time, or [query.ErrNotFound]
// if it had none by then, as far as the log knew at the moment of the context.
func (r *Reader) KeysAt(ctx context.Context, machine int64, account string, at time.Time) (AccountKeys, error) {
	known := table.Forever
	if m := query.MomentOf(ctx); m.Past() {
		known = m.Position()
	}
	return query.Only(ctx, r.pool, scanAccountKeys, keysAt, machine, account, at, known)
}

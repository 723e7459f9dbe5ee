package opsmodel

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// grantKey names a way of a user into an account.
type grantKey struct {
	machine int64
	account string
	user    domain.UserID
}

func (g Grant) key() grantKey { return grantKey{g.Machine, g.Account, g.User} }

// grantRows are the grants that a batch of events is about.
type grantRows struct{ *rowset.Set[grantKey, Grant] }

func newGrantRows() grantRows { return grantRows{rowset.NewVersioned("grant", Grant.key, nil)} }

var loadGrants = "SELECT " + table.NamesOf("g", grants.Now().Columns) + ` FROM {schema}.grants g
	JOIN unnest($1::bigint[], $2::text[], $3::bigint[]) AS k (machine, account, "user")
		ON g.machine = k.machine AND g.account = k.account AND g."user" = k."user"`

func (g grantRows) load(out *pgx.Batch, schema string, events []domain.Recorded) {
	var wanted rowset.Keys[grantKey]
	for _, r := range events {
		switch e := r.Event.(type) {
		case ops.AccountGranted:
			wanted.Add(grantKey{e.Machine, e.Account, e.User})
		case ops.AccountRevoked:
			wanted.Add(grantKey{e.Machine, e.Account, e.User})
		}
	}
	if len(wanted.List) == 0 {
		return
	}
	machines, accounts, users := []int64{}, []string{}, []int64{}
	for _, k := range wanted.List {
		machines, accounts, users = append(machines, k.machine), append(accounts, k.account), append(users, int64(k.user))
	}
	out.Queue(table.InSchema(schema, loadGrants), machines, accounts, users).Query(grants.Now().Each(g.LoadedVersion))
}

func (g grantRows) apply(e domain.Event) {
	switch e := e.(type) {
	case ops.AccountGranted:
		g.Put(Grant{User: e.User, Username: e.Username, Machine: e.Machine, IP: e.IP, Account: e.Account})
	case ops.AccountRevoked:
		g.Drop(grantKey{e.Machine, e.Account, e.User})
	}
}

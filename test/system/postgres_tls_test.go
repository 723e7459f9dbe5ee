package system

import (
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A PostgreSQL on another machine gets nothing in clear unless the address says so, and
// every connection of a serve is one of those that were asked for.
func TestPostgresOnAnotherMachine(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	at := testkit.TLSPostgres(t, ca)
	const hint = "sslmode=verify-full&sslrootcert=FILE"
	deployment.NewServe(t, "unchecked", "--database-url", at.String()).RefusesToStart(hint)
	plain := testkit.PlainPostgres(t)
	deployment.NewServe(t, "plain", "--database-url", plain.String()).RefusesToStart(hint)
	deployment.NewServe(t, "preferring", "--database-url", plain.String()+"?sslmode=prefer").RefusesToStart(hint)

	s := deployment.StartServe(t, "checked", "--database-url", at.String()+"?sslrootcert="+ca.File)
	s.Post("/dns/views", `{"name":"office","acl":"any"}`)
	pool := deployment.OpenPool(t, at.String()+"?sslmode=require")
	var encrypted, inClear int
	const count = `SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl)
		FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL`
	if err := pool.QueryRow(t.Context(), count).Scan(&encrypted, &inClear); err != nil || encrypted < 3 || inClear != 0 {
		t.Errorf("%d connections are encrypted, %d are not, %v", encrypted, inClear, err)
	}
	s.Stop()

	s = deployment.NewServe(t, "disabled", "--database-url", plain.String()+"?sslmode=disable")
	warned := s.Said.Printed("what goes to PostgreSQL is not encrypted")
	s.Start()
	testkit.Await(t, "it warns", warned)
}

package sqlfiles

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// errReadOnly: nothing takes it back within a transaction.
var errReadOnly = errors.New("it has made the transaction read only, which would hold for the files after it, too")

// deferrable lists the constraints of schemas that the user may use, by how they are declared.
const deferrable = `
SELECT pg_catalog.current_setting('transaction_read_only') = 'on',
	coalesce(pg_catalog.string_agg(name, ', ') FILTER (WHERE condeferred), ''), coalesce(pg_catalog.string_agg(name, ', ') FILTER (WHERE NOT condeferred), '')
FROM (
	SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, k.conname) AS name, k.condeferred
	FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
	WHERE k.condeferrable AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
) named`

// restoreConstraints undoes SET CONSTRAINTS, of which there is no RESET.
func restoreConstraints(ctx context.Context, conn *pgx.Conn) error {
	var readOnly bool
	var deferred, immediate string
	if err := conn.QueryRow(ctx, deferrable).Scan(&readOnly, &deferred, &immediate); err != nil {
		return err
	}
	if readOnly {
		return errReadOnly
	}
	for mode, names := range map[string]string{" DEFERRED": deferred, " IMMEDIATE": immediate} {
		if names == "" {
			continue
		}
		if _, err := conn.PgConn().Exec(ctx, "SET CONSTRAINTS "+names+mode).ReadAll(); err != nil { // quoted by the server
			return err
		}
	}
	return nil
}

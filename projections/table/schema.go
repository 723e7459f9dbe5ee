package table

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// InSchema returns a statement with its {schema} put in. Models write to a schema
// that they are told; readers read the current one.
func InSchema(schema, sql string) string {
	return strings.ReplaceAll(sql, "{schema}", pgx.Identifier{schema}.Sanitize())
}

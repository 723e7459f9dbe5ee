package projections

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// InSchema returns a statement of a model with its {schema} put in. The
// models write to a schema that they are told, the Reader reads the current one.
func InSchema(schema, sql string) string {
	return strings.ReplaceAll(sql, "{schema}", pgx.Identifier{schema}.Sanitize())
}

// keys is a set of keys in the order in which they were first added.
type keys[K comparable] struct {
	list []K
	has  map[K]bool
}

func (s *keys[K]) add(key K) {
	if s.has[key] {
		return
	}
	if s.has == nil {
		s.has = map[K]bool{}
	}
	s.has[key] = true
	s.list = append(s.list, key)
}

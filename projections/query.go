package projections

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// query collects the conditions of one list and their arguments. Conditions are
// constants of this package; whatever comes from outside is an argument.
type query struct {
	conditions []string
	args       []any
}

// where adds a condition in which each ? stands for the argument.
func (q *query) where(condition string, arg any) {
	q.conditions = append(q.conditions, strings.ReplaceAll(condition, "?", q.arg(arg)))
}

// exact adds column = value, unless the value is empty and so absent.
func (q *query) exact(column, value string) {
	if value != "" {
		q.text(column+" = ?", value)
	}
}

// contains adds "value is a substring of column", unless the value is absent.
func (q *query) contains(column, value string) {
	if value != "" {
		q.text("position(? in "+column+") > 0", value)
	}
}

// containsFolded is contains for domain names and addresses, whose ASCII
// letters compare without case.
func (q *query) containsFolded(column, value string) {
	if value != "" {
		q.text("position(? in lower("+column+")) > 0", lowerASCII(value))
	}
}

// text is where for a text that Postgres may be unable to hold; no row has such a text.
func (q *query) text(condition, value string) {
	if strings.ContainsRune(value, 0) || !utf8.ValidString(value) {
		q.conditions = append(q.conditions, "false")
		return
	}
	q.where(condition, value)
}

// arg adds an argument and returns its placeholder.
func (q *query) arg(value any) string {
	q.args = append(q.args, value)
	return fmt.Sprintf("$%d", len(q.args))
}

// filtered says whether the list is restricted at all.
func (q *query) filtered() bool { return len(q.conditions) > 0 }

// clause returns the WHERE clause, empty without conditions.
func (q *query) clause() string {
	if !q.filtered() {
		return ""
	}
	return " WHERE " + strings.Join(q.conditions, " AND ")
}

// equal adds column = *value, unless there is no value.
func equal[T any](q *query, column string, value *T) {
	if value != nil {
		q.where(column+" = ?", *value)
	}
}

// lowerASCII folds as lower() does on the tables' columns, whose collation is
// "C": only the ASCII letters.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

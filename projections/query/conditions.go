package query

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Conditions collects the conditions of one list and their arguments. Conditions
// are constants of the program; whatever comes from outside is an argument.
type Conditions struct {
	conditions []string
	args       []any
}

// And adds a condition that has no argument of its own.
func (q *Conditions) And(condition string) { q.conditions = append(q.conditions, condition) }

// Where adds a condition in which each ? stands for the argument.
func (q *Conditions) Where(condition string, arg any) {
	q.And(strings.ReplaceAll(condition, "?", q.Arg(arg)))
}

// Exact adds column = value, unless the value is empty and so absent.
func (q *Conditions) Exact(column, value string) {
	if value != "" {
		q.Text(column+" = ?", value)
	}
}

// Contains adds "value is a substring of column", unless the value is absent.
func (q *Conditions) Contains(column, value string) {
	if value != "" {
		q.Text("position(? in "+column+") > 0", value)
	}
}

// ContainsFolded is contains for domain names and addresses, whose ASCII
// letters compare without case.
func (q *Conditions) ContainsFolded(column, value string) {
	if value != "" {
		q.Text("position(? in lower("+column+")) > 0", LowerASCII(value))
	}
}

// ContainsName is ContainsFolded for a domain name that is kept in column, and as people
// type it in typed where that differs. The value is a part of either: one that looks like
// an IDN label may be a part of a longer one.
func (q *Conditions) ContainsName(column, typed, value string, mapTyped func(string) string) {
	mapped := mapTyped(value)
	switch {
	case mapped == "":
		q.ContainsFolded(column, value)
	case strings.IndexFunc(mapped, func(r rune) bool { return r >= utf8.RuneSelf }) < 0:
		q.ContainsFolded(column, mapped)
	case strings.ContainsRune(value+mapped, 0) || !utf8.ValidString(value+mapped):
		q.And("false")
	default:
		q.And("(position(" + q.Arg(LowerASCII(value)) + " in lower(" + column + ")) > 0 OR position(" + q.Arg(mapped) + " in " + typed + ") > 0)")
	}
}

// AnyIn returns the condition that one of some texts is a part of one of some columns, which
// are folded as the texts are. There is at least one text, and Postgres can hold it.
func (q *Conditions) AnyIn(texts []string, columns ...string) string {
	any := make([]string, 0, len(texts)*len(columns))
	for _, text := range texts {
		arg := q.Arg(text) + "::text"
		for _, column := range columns {
			any = append(any, "position("+arg+" in "+column+") > 0")
		}
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// Text is [Conditions.Where] for a text that Postgres may be unable to hold; no row has such a text.
func (q *Conditions) Text(condition, value string) {
	if strings.ContainsRune(value, 0) || !utf8.ValidString(value) {
		q.And("false")
		return
	}
	q.Where(condition, value)
}

// Arg adds an argument and returns its placeholder.
func (q *Conditions) Arg(value any) string {
	q.args = append(q.args, value)
	return fmt.Sprintf("$%d", len(q.args))
}

// Args are the arguments, in the order of their placeholders.
func (q *Conditions) Args() []any { return q.args }

// Apart returns the conditions that f adds, for another part of the statement than
// the list's. The arguments are the statement's.
func (q *Conditions) Apart(f func()) string {
	own := q.conditions
	q.conditions = []string{"true"}
	f()
	apart := strings.Join(q.conditions, " AND ")
	q.conditions = own
	return apart
}

// Filtered says whether the list is restricted at all.
func (q *Conditions) Filtered() bool { return len(q.conditions) > 0 }

// Clause returns the WHERE clause, empty without conditions.
func (q *Conditions) Clause() string {
	if !q.Filtered() {
		return ""
	}
	return " WHERE " + strings.Join(q.conditions, " AND ")
}

// Equal adds column = *value, unless there is no value.
func Equal[T any](q *Conditions, column string, value *T) {
	if value != nil {
		q.Where(column+" = ?", *value)
	}
}

// LowerASCII folds as lower() does on columns that are [table.Bytewise]: only the
// ASCII letters.
func LowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

package table

import (
	"fmt"
	"strings"
)

// Type is a column's type, and what else is known of its values.
type Type int

// The types. No value is null but that of an OptionalTime.
const (
	Number Type = iota
	Text
	// Bytewise is text that is ordered and folded by its bytes, whatever the
	// database's locale: only ASCII letters have a case.
	Bytewise
	Flag
	Time
	OptionalTime
	JSON
	// Numbers and Words are lists whose elements have no blank in them.
	Numbers
	Words
	// Tally is a number that [Table.Put] adds to.
	Tally
	// Series are Numbers that [Table.Put] adds more to.
	Series
	// Single is the key of a table of one row, see [Only].
	Single

	// Fixed marks a value that never changes while the row exists.
	Fixed Type = 1 << 8
)

var sqlTypes = [...]string{
	Number: "bigint", Text: "text", Bytewise: "text", Flag: "boolean", Time: "timestamptz", OptionalTime: "timestamptz",
	JSON: "jsonb", Numbers: "bigint[]", Words: "text[]", Tally: "bigint", Series: "bigint[]", Single: "boolean",
}

func (t Type) fixed() bool { return t&Fixed != 0 }

func (t Type) base() Type { return t &^ Fixed }

func (t Type) sql() string { return sqlTypes[t.base()] }

// declaration is the type as CREATE TABLE has it.
func (t Type) declaration() string {
	switch t.base() {
	case Bytewise:
		return `text COLLATE "C" NOT NULL`
	case OptionalTime:
		return "timestamptz"
	case Single:
		return "boolean NOT NULL CHECK (singleton)"
	default:
		return t.sql() + " NOT NULL"
	}
}

// list says whether a value is a list. unnest would flatten a list of lists, so
// lists travel as texts of words with blanks between them.
func (t Type) list() bool { return t.base() == Numbers || t.base() == Words || t.base() == Series }

// array is the type of the array that the column travels as.
func (t Type) array() string {
	if t.list() {
		return "text[]"
	}
	return t.sql() + "[]"
}

// received is the SQL that makes a value of what has travelled.
func (t Type) received(value string) string {
	if t.list() {
		return "string_to_array(" + value + ", ' ')::" + t.sql()
	}
	return value
}

// sent is the value at a place as it travels.
func (t Type) sent(place any) any {
	if !t.list() {
		return place
	}
	switch list := place.(type) {
	case *[]int64:
		return words(*list)
	case *[]int:
		return words(*list)
	default:
		return strings.Join(*place.(*[]string), " ")
	}
}

func words[N int | int64](numbers []N) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = fmt.Sprint(n)
	}
	return strings.Join(texts, " ")
}

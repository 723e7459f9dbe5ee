package table

import (
	"math"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Column is one column of a row.
type Column struct {
	// Name is the column's, or in a SELECT any expression.
	Name string
	Type Type
	// Place points to the value in the row: it is scanned into, and written from.
	Place any
}

// Col returns a column of a table.
func Col(name string, kind Type, place any) Column {
	return Column{Name: name, Type: kind, Place: place}
}

// Table is a table whose rows are kept as R.
type Table[R any] struct {
	Name string
	// Key are the names of the primary key's columns, separated by ", ".
	Key string
	// Columns returns the columns, with places in the given row.
	Columns func(*R) []Column
	// Storage are storage parameters, such as "fillfactor = 50".
	Storage string
	// Indexes are the statements that follow the table's.
	Indexes []string
}

const (
	// Forever is the position until which something holds that has not ended: what is
	// kept with the positions since and until held at p if since <= p < until.
	Forever domain.Position = math.MaxInt64
	// ForEver is Forever in SQL.
	ForEver = "9223372036854775807"
)

// Only is the key of a table of one row.
func Only() Column { return Col("singleton", Single, new(true)) }

// Names returns the columns for a SELECT.
func Names(columns []Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// Places returns where the values of the columns are.
func Places(columns []Column) []any {
	places := make([]any, len(columns))
	for i, c := range columns {
		places[i] = c.Place
	}
	return places
}

// Of returns the columns as those of a table with an alias.
func Of(alias string, columns []Column) []Column {
	for i := range columns {
		columns[i].Name = alias + "." + columns[i].Name
	}
	return columns
}

// NamesOf returns the columns of a kind of row for a SELECT from a table with an alias.
func NamesOf[R any](alias string, columns func(*R) []Column) string {
	return Names(Of(alias, columns(new(R))))
}

// Create returns the statements that make the table, with {schema} for its schema.
func (t Table[R]) Create() string {
	var lines []string
	for _, c := range t.Columns(new(R)) {
		lines = append(lines, c.Name+" "+c.Type.declaration())
	}
	sql := "CREATE TABLE {schema}." + t.Name + " (" + strings.Join(lines, ", ") + ", PRIMARY KEY (" + t.Key + "))"
	if t.Storage != "" {
		sql += " WITH (" + t.Storage + ")"
	}
	return strings.Join(append([]string{sql}, t.Indexes...), ";\n")
}

// isKey says whether a column is of the primary key.
func (t Table[R]) isKey(column string) bool {
	return strings.Contains(", "+t.Key+",", " "+column+",")
}

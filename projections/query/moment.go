package query

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/table"
)

// Moment is the state of the log that is read: the present, which is the zero Moment, or that
// of a position.
//
// A statement names a table with versions by what [table.Versioned.In] returns. The same
// statement is then one on the present, which reads that table alone, and one on the past,
// which reads what was so at the position; all other tables are those of the present.
type Moment struct {
	// at is the position after the one that is read, so that position 0 is none less.
	at domain.Position
	// each: every row of the statement has a moment of its own, see [List.Then].
	each bool
}

type momentKey struct{}

// AsOf returns a context whose reads are of a position that the read models have applied.
func AsOf(ctx context.Context, p domain.Position) context.Context {
	return context.WithValue(ctx, momentKey{}, Moment{at: p + 1})
}

// MomentOf returns the moment that reads with the context are of.
func MomentOf(ctx context.Context) Moment {
	m, _ := ctx.Value(momentKey{}).(Moment)
	return m
}

// Past says that the moment is not the present.
func (m Moment) Past() bool { return m.at > 0 || m.each }

// Position is that of a moment in the past.
func (m Moment) Position() domain.Position { return m.at - 1 }

// Of returns the statement as one on the moment.
func (m Moment) Of(sql string, args ...any) (string, []any) {
	parts := strings.Split(sql, table.VersionedBegin)
	if len(parts) == 1 {
		return sql, args
	}
	position, blocks := fmt.Sprintf("$%d::bigint", len(args)+1), fmt.Sprintf("$%d::bigint[]", len(args)+2)
	if m.each {
		position, blocks = eachPosition, eachBlocks
	}
	var out strings.Builder
	out.WriteString(parts[0])
	for _, part := range parts[1:] {
		mark, rest, _ := strings.Cut(part, table.VersionedEnd)
		rows, _, _ := strings.Cut(mark, ":")
		if m.Past() {
			rows = table.AsOf(mark, position, blocks)
		}
		out.WriteString(rows + rest)
	}
	if m.at > 0 {
		args = append(args[:len(args):len(args)], m.Position(), table.Blocks(m.Position()))
	}
	return out.String(), args
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Rows runs a statement on the moment of the context.
func Rows(ctx context.Context, q querier, sql string, args ...any) (pgx.Rows, error) {
	sql, args = MomentOf(ctx).Of(sql, args...)
	return q.Query(ctx, sql, args...)
}

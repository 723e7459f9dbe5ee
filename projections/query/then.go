package query

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/table"
)

// Then is a row as it was at a position.
type Then struct {
	ID int64
	At domain.Position
}

// Thens is the moment of a list of which only [List.Then] is read: each row has its own.
var Thens = Moment{each: true}

// What a statement whose rows have their own moments calls the position and the blocks of one.
const (
	eachPosition = "moment.position"
	eachBlocks   = "moment.blocks"
)

// Then returns the rows that are wanted, each as it was at its own position, in their order; nil
// stands for one that was not there, or that the conditions leave out. The list's moment is
// [Thens], and it is one statement, however many positions there are.
func (l *List[T]) Then(ctx context.Context, pool *pgxpool.Pool, wanted []Then) ([]*T, error) {
	rows := make([]*T, len(wanted))
	if len(wanted) == 0 {
		return rows, nil
	}
	sql, args := l.thenSQL(wanted)
	var batch pgx.Batch // which is a transaction, and one round trip
	l.tune(&batch)
	batch.Queue(sql, args...).Query(func(found pgx.Rows) error {
		defer found.Close()
		for found.Next() {
			var n int64
			row := new(T)
			if err := found.Scan(append([]any{&n}, table.Places(l.Columns(row))...)...); err != nil {
				return err
			}
			rows[n-1] = row
		}
		return found.Err()
	})
	return rows, pool.SendBatch(ctx, &batch).Close()
}

func (l *List[T]) thenSQL(wanted []Then) (sql string, args []any) {
	ids, positions := make([]int64, len(wanted)), make([]int64, len(wanted))
	for i, w := range wanted {
		ids[i], positions[i] = w.ID, int64(w.At)
	}
	row := "(SELECT moment.id)"
	if l.Filtered() {
		l.And("t.id = moment.id")
		row = "(SELECT t.id FROM " + l.IDs + l.Clause() + ")"
	}
	return l.At.Of("SELECT moment.n, p.* FROM (SELECT a.*, "+table.BlocksOf("a.position")+" AS blocks FROM unnest("+
		l.Arg(ids)+"::bigint[], "+l.Arg(positions)+"::bigint[]) WITH ORDINALITY AS a (id, position, n) OFFSET 0) moment CROSS JOIN LATERAL (SELECT "+
		table.Names(l.Columns(new(T)))+" FROM "+row+" w JOIN "+l.From+" OFFSET 0) p", l.args...)
}

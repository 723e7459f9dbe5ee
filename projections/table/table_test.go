package table_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// size is a number with a name of its own, as most of the models' are.
type size int

// thing has a value of each type.
type thing struct {
	kind, id int64
	name     string
	size     size
	flag     bool
	at       time.Time
	numbers  []int64
	words    []string
	texts    []string
	sum      int64
}

func (x *thing) columns() []table.Column {
	return []table.Column{
		table.Col("kind", table.Number, &x.kind),
		table.Col("id", table.Number, &x.id),
		table.Col("name", table.Bytewise|table.Fixed, &x.name),
		table.Col("size", table.Number, &x.size),
		table.Col("flag", table.Flag, &x.flag),
		table.Col("at", table.Time, &x.at),
		table.Col("numbers", table.Numbers, &x.numbers),
		table.Col("words", table.Words, &x.words),
		table.Col("texts", table.JSON, &x.texts),
		table.Col("sum", table.Tally, &x.sum),
	}
}

var things = table.Table[thing]{Name: "things", Key: "kind, id", Columns: (*thing).columns, Indexes: []string{"CREATE INDEX ON {schema}.things (name)"}}

func someThing(kind, id int64) thing {
	return thing{
		kind: kind, id: id, name: fmt.Sprint("thing", id), size: size(id), flag: id%2 == 0, at: time.Unix(id, 0).UTC(),
		numbers: []int64{id, -1}, words: []string{"192.0.2.1", "2001:db8::1"}, texts: []string{"two words", "x"}, sum: id,
	}
}

func serving(t *testing.T, create string) *pgxpool.Pool {
	t.Helper()
	pool := testkit.Postgres(t)
	if _, err := pool.Exec(t.Context(), "CREATE SCHEMA s; "+table.InSchema("s", create)); err != nil {
		t.Fatal(err)
	}
	return pool
}

// batch sends what f adds to a batch, in one transaction.
func batch(t *testing.T, pool *pgxpool.Pool, f func(context.Context, pgx.Tx, *pgx.Batch) error) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		var out pgx.Batch
		if err := f(t.Context(), tx, &out); err != nil {
			return err
		}
		return tx.SendBatch(t.Context(), &out).Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func stored(t *testing.T, pool *pgxpool.Pool) map[[2]int64]thing {
	t.Helper()
	rows := map[[2]int64]thing{}
	batch(t, pool, func(_ context.Context, _ pgx.Tx, out *pgx.Batch) error {
		things.LoadAll(out, "s", func(x thing) {
			x.at = x.at.UTC()
			rows[[2]int64{x.kind, x.id}] = x
		})
		return nil
	})
	return rows
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// What was written is read; a set's changes become the table's.
func TestSave(t *testing.T) {
	t.Parallel()
	pool := serving(t, things.Create())
	key := func(x thing) [2]int64 { return [2]int64{x.kind, x.id} }
	set := rowset.New("thing", key)
	for id := range int64(3) {
		set.Put(someThing(1, id))
		set.Put(someThing(2, id))
	}
	save := func(set *rowset.Set[[2]int64, thing]) {
		batch(t, pool, func(ctx context.Context, tx pgx.Tx, out *pgx.Batch) error {
			return table.Save(ctx, tx, out, "s", things, set)
		})
	}
	save(set)
	want := map[[2]int64]thing{}
	for id := range int64(3) {
		want[[2]int64{1, id}], want[[2]int64{2, id}] = someThing(1, id), someThing(2, id)
	}
	same(t, "added", stored(t, pool), want)

	set = rowset.New("thing", key)
	batch(t, pool, func(_ context.Context, _ pgx.Tx, out *pgx.Batch) error {
		table.Load(out, "s", things, "id", []int64{1, 2}, "kind = 1", set.Loaded)
		return nil
	})
	changed := someThing(1, 1)
	changed.name, changed.size, changed.numbers, changed.words, changed.texts = "never", 77, nil, nil, []string{"y"}
	set.Put(changed)
	set.Drop([2]int64{1, 2})
	if _, loaded := set.Get([2]int64{2, 1}); loaded {
		t.Error("a row of another kind was loaded")
	}
	save(set)
	changed.name, changed.numbers, changed.words = "thing1", []int64{}, []string{}
	want[[2]int64{1, 1}] = changed
	delete(want, [2]int64{1, 2})
	same(t, "altered and dropped", stored(t, pool), want)
}

// Put replaces a row, but adds to a tally.
func TestPut(t *testing.T) {
	t.Parallel()
	pool := serving(t, things.Create())
	for range 2 {
		batch(t, pool, func(_ context.Context, _ pgx.Tx, out *pgx.Batch) error {
			things.Put(out, "s", []thing{someThing(1, 5), someThing(1, 6)})
			return nil
		})
	}
	want := map[[2]int64]thing{}
	for id := int64(5); id < 7; id++ {
		row := someThing(1, id)
		row.sum *= 2
		want[[2]int64{1, id}] = row
	}
	same(t, "put twice", stored(t, pool), want)
}

// Many rows without lists go by COPY, and are the same.
func TestManyRows(t *testing.T) {
	t.Parallel()
	type line struct {
		id   int64
		text string
	}
	lines := table.Table[line]{Name: "lines", Key: "id", Columns: func(l *line) []table.Column {
		return []table.Column{table.Col("id", table.Number, &l.id), table.Col("text", table.Text, &l.text)}
	}}
	pool := serving(t, lines.Create())
	var rows, got []line
	for id := range int64(1000) {
		rows = append(rows, line{id, fmt.Sprint("line ", id)})
	}
	batch(t, pool, func(ctx context.Context, tx pgx.Tx, out *pgx.Batch) error {
		err := lines.Insert(ctx, tx, out, "s", rows)
		if out.Len() > 0 {
			t.Error("a thousand rows travel in a statement")
		}
		return err
	})
	batch(t, pool, func(_ context.Context, _ pgx.Tx, out *pgx.Batch) error {
		lines.LoadAll(out, "s", func(l line) { got = append(got, l) })
		return nil
	})
	same(t, "many rows", got, rows)
}

// Rows that go by COPY become what the driver makes of them in a statement, whatever their values are.
func TestCopiedValues(t *testing.T) {
	t.Parallel()
	type line struct {
		id       int64
		position domain.Position
		ttl      uint32
		size     size
		text     string
		bytewise string
		flag     bool
		at       time.Time
		later    *time.Time
		texts    []string
		raw      json.RawMessage
		sum      int64
	}
	lines := table.Table[line]{Name: "lines", Key: "id", Columns: func(l *line) []table.Column {
		return []table.Column{
			table.Col("id", table.Number|table.Fixed, &l.id), table.Col("position", table.Number, &l.position), table.Col("ttl", table.Number, &l.ttl),
			table.Col("size", table.Number, &l.size), table.Col("text", table.Text, &l.text), table.Col("bytewise", table.Bytewise, &l.bytewise),
			table.Col("flag", table.Flag, &l.flag), table.Col("at", table.Time, &l.at), table.Col("later", table.OptionalTime, &l.later),
			table.Col("texts", table.JSON, &l.texts), table.Col("raw", table.JSON, &l.raw), table.Col("sum", table.Tally, &l.sum),
		}
	}}
	copied, stated := lines, lines
	copied.Name, stated.Name = "copied", "stated"
	pool := serving(t, copied.Create()+";"+stated.Create())
	later := time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("east", 3600))
	var rows []line
	for id := range int64(1000) {
		l := line{id: id, position: domain.Position(-id), ttl: uint32(math.MaxUint32 - id), size: size(id), flag: id%2 == 0,
			text: strings.Repeat("备\"\n", int(id%7)), bytewise: fmt.Sprint(id), at: later.Add(time.Duration(id-500) * time.Hour),
			texts: []string{"a", "\u2028"}, raw: json.RawMessage(`{"n": 1.50}`), sum: math.MinInt64 + id}
		if id%3 == 0 {
			l.later = &later
		}
		rows = append(rows, l)
	}
	batch(t, pool, func(ctx context.Context, tx pgx.Tx, out *pgx.Batch) error {
		for _, some := range [][]line{rows[:500], rows[500:]} {
			if err := copied.Insert(ctx, tx, out, "s", some); err != nil {
				return err
			}
		}
		if out.Len() > 0 {
			t.Error("hundreds of rows travel in a statement")
		}
		for len(rows) > 0 {
			n := min(100, len(rows))
			if err := stated.Insert(ctx, tx, out, "s", rows[:n]); err != nil {
				return err
			}
			rows = rows[n:]
		}
		return nil
	})
	var n, differ int
	if err := pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE s IS DISTINCT FROM c)
		FROM s.stated s FULL JOIN s.copied c USING (id)`).Scan(&n, &differ); err != nil || n != 1000 || differ > 0 {
		t.Errorf("%d of %d rows differ, %v", differ, n, err)
	}
}

// A row that was dropped and put again is another one, also in what is fixed, and also where so
// many are added that they go by COPY.
func TestPutAgain(t *testing.T) {
	t.Parallel()
	type line struct {
		id   int64
		text string
	}
	lines := table.Table[line]{Name: "lines", Key: "id", Columns: func(l *line) []table.Column {
		return []table.Column{table.Col("id", table.Number, &l.id), table.Col("text", table.Text|table.Fixed, &l.text)}
	}}
	for _, n := range []int64{1, 1000} {
		pool := serving(t, lines.Create())
		for _, text := range []string{"first", "second"} {
			batch(t, pool, func(ctx context.Context, tx pgx.Tx, out *pgx.Batch) error {
				set := rowset.New("line", func(l line) int64 { return l.id })
				for id := range n {
					if text == "second" {
						set.Loaded(line{id, "first"})
						set.Drop(id)
					}
					set.Put(line{id, text})
				}
				return table.Save(ctx, tx, out, "s", lines, set)
			})
		}
		var again int64
		err := pool.QueryRow(t.Context(), "SELECT count(*) FROM s.lines WHERE text = 'second'").Scan(&again)
		if err != nil || again != n {
			t.Errorf("%d of %d lines are the second, %v", again, n, err)
		}
	}
}

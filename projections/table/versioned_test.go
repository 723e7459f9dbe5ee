package table_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// state is a row with versions; its lists keep COPY from being used for few rows.
type state struct {
	id      int64
	text    string
	numbers []int64
}

var states = table.Keeping(table.Table[state]{Name: "states", Key: "id", Columns: func(s *state) []table.Column {
	return []table.Column{table.Col("id", table.Number, &s.id), table.Col("text", table.Text, &s.text), table.Col("numbers", table.Numbers, &s.numbers)}
}}).ListedWhole()

// What random changes made of some rows is read at every position as it was, by the blocks of
// the position alone; and the present is what it is.
func TestEveryPosition(t *testing.T) {
	t.Parallel()
	pool := serving(t, states.Create())
	rng := rand.New(rand.NewPCG(3, 4))
	is, was := map[int64]state{}, map[domain.Position][]string{}
	at := domain.Position(0)
	for range 12 { // batches of changes
		set := rowset.NewVersioned("state", func(s state) int64 { return s.id }, nil)
		batch(t, pool, func(_ context.Context, _ pgx.Tx, out *pgx.Batch) error {
			states.Now().LoadAll(out, "s", set.LoadedVersion)
			return nil
		})
		for range 20 { // changes
			end := at + 1 + domain.Position(rng.IntN(40))
			for ; at < end; at++ {
				was[at] = texts(is)
			}
			for range 1 + rng.IntN(4) {
				id := int64(rng.IntN(9))
				if _, exists := is[id]; exists && rng.IntN(3) == 0 {
					set.Drop(id)
					delete(is, id)
					continue
				}
				is[id] = state{id, fmt.Sprint("at ", at, " ", rng.IntN(99)), []int64{id, int64(at)}}
				set.Put(is[id])
			}
			set.EndChange(at)
		}
		batch(t, pool, func(ctx context.Context, tx pgx.Tx, out *pgx.Batch) error {
			return table.SaveVersions(ctx, tx, out, "s", states, set)
		})
	}
	was[at] = texts(is)
	sql := "SELECT " + table.NamesOf("x", states.Columns) + " FROM " + states.In("s") + " x ORDER BY x.id"
	read := func(ctx context.Context) map[int64]state {
		list, err := query.All(ctx, pool, query.Row(states.Columns), sql)
		if err != nil {
			t.Fatal(err)
		}
		rows := map[int64]state{}
		for _, s := range list {
			rows[s.id] = s
		}
		if len(rows) != len(list) {
			t.Errorf("a row is there twice: %v", list)
		}
		return rows
	}
	for p := domain.Position(0); p <= at; p += 1 + domain.Position(rng.IntN(3)) {
		if got := texts(read(query.AsOf(t.Context(), p))); !slices.Equal(got, was[p]) {
			t.Errorf("as of %d: %v, want %v", p, got, was[p])
		}
	}
	if got := texts(read(t.Context())); !slices.Equal(got, was[at]) {
		t.Errorf("now: %v, want %v", got, was[at])
	}
}

func texts(rows map[int64]state) []string {
	all := []string{}
	for _, s := range rows {
		all = append(all, fmt.Sprint(s))
	}
	slices.Sort(all)
	return all
}

// A version is of a block that each position of its life is in, and no other position needs to
// be looked at for it, whatever the length of the log.
func TestBlocks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		since := domain.Position(rng.Int64N(1 << rng.IntN(62)))
		until := since + 1 + domain.Position(rng.Int64N(1<<rng.IntN(40)))
		block := table.BlockOf(since, until)
		for _, p := range []domain.Position{since, until - 1, since + domain.Position(rng.Int64N(int64(until-since)))} {
			if !slices.Contains(table.Blocks(p), block) {
				t.Fatalf("the version from %d to %d is of block %d, which %d is not in", since, until, block, p)
			}
		}
	}
	if a, b := table.BlockOf(5, 6), table.BlockOf(9, 10); a == b {
		t.Error("two versions far from each other are of one block")
	}
}

// Of a table that is listed whole the versions of other times are not looked at.
func TestListedWholeByBlocks(t *testing.T) {
	t.Parallel()
	pool := serving(t, states.Create())
	_, err := pool.Exec(t.Context(), `INSERT INTO s.states_past (id, text, numbers, since, until, block)
		SELECT n, '', '{}', n, n + 1, n FROM generate_series(1, 20000) n; ANALYZE s.states_past`)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := query.All(query.AsOf(t.Context(), 5000), pool, pgx.RowTo[string], "EXPLAIN SELECT x.id FROM "+states.In("s")+" x")
	if text := strings.Join(plan, "\n"); err != nil || !strings.Contains(text, "states_past_block_until_since_idx") {
		t.Errorf("%v, %s", err, text)
	}
}

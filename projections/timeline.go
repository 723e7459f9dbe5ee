package projections

import (
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// What begins and ends with events is kept for ever, with the positions of the
// two: it held at p if since <= p < until. What holds now ends at [forever].
const (
	forever    domain.Position = math.MaxInt64
	forEver                    = "9223372036854775807" // forever, in SQL
	justBefore                 = "9223372036854775806" // now, as a position in SQL: what ends at forever holds
)

// pair says that a holder (a user, a role) holds something (a role, a privilege).
type pair struct{ holder, held int64 }

// span is one row of a table of pairs: the pair from since until until.
type span struct {
	pair
	since, until domain.Position
	// stored: the table has the row.
	stored bool
}

// timeline is a table (holder, held, since, until) as a batch of events changes
// it. What was not loaded is taken not to hold.
type timeline struct {
	open    map[int64]map[int64]*span
	changed []*span
}

func newTimeline() *timeline { return &timeline{open: map[int64]map[int64]*span{}} }

// loaded adds a pair that holds according to the table.
func (t *timeline) loaded(p pair, since domain.Position) {
	t.add(&span{pair: p, since: since, until: forever, stored: true})
}

func (t *timeline) add(s *span) {
	if t.open[s.holder] == nil {
		t.open[s.holder] = map[int64]*span{}
	}
	t.open[s.holder][s.held] = s
}

// replace makes the holder hold exactly the given from the position on.
func (t *timeline) replace(holder int64, held []int64, at domain.Position) {
	wanted := make(map[int64]bool, len(held))
	for _, h := range held {
		wanted[h] = true
		if t.open[holder][h] == nil {
			s := &span{pair: pair{holder, h}, since: at, until: forever}
			t.add(s)
			t.changed = append(t.changed, s)
		}
	}
	for h, s := range t.open[holder] {
		if wanted[h] {
			continue
		}
		s.until = at
		delete(t.open[holder], h)
		if s.stored {
			t.changed = append(t.changed, s)
		}
	}
}

// of returns what the holder holds, ascending.
func (t *timeline) of(holder int64) []int64 {
	held := make([]int64, 0, len(t.open[holder]))
	for h := range t.open[holder] {
		held = append(held, h)
	}
	slices.Sort(held)
	return held
}

// timelineTable names a table and its columns for the holder and the held.
type timelineTable struct{ table, holder, held string }

// create is the statement that makes the table.
func (n timelineTable) create() string {
	return "CREATE TABLE {schema}." + n.table + " (" + n.holder + " bigint NOT NULL, " + n.held + " bigint NOT NULL, since bigint NOT NULL, until bigint NOT NULL," +
		" PRIMARY KEY (" + n.holder + ", " + n.held + ", since));" +
		"CREATE INDEX ON {schema}." + n.table + " (" + n.holder + ", " + n.held + ") WHERE until = " + forEver
}

// load adds a query for what the holders hold to the batch.
func (n timelineTable) load(out *pgx.Batch, schema string, holders []int64, into *timeline) {
	sql := "SELECT " + n.holder + ", " + n.held + ", since FROM {schema}." + n.table +
		" WHERE " + n.holder + " = ANY ($1::bigint[]) AND until = " + forEver
	queueLoad(out, InSchema(schema, sql), holders, func(rows pgx.Rows) error {
		var p pair
		var since domain.Position
		err := rows.Scan(&p.holder, &p.held, &since)
		into.loaded(p, since)
		return err
	})
}

// write adds the statements that store what changed to the batch.
func (n timelineTable) write(out *pgx.Batch, schema string, t *timeline) {
	if len(t.changed) == 0 {
		return
	}
	sql := "INSERT INTO {schema}." + n.table + " (" + n.holder + ", " + n.held + ", since, until)" +
		" SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])" +
		" ON CONFLICT (" + n.holder + ", " + n.held + ", since) DO UPDATE SET until = excluded.until"
	number := func(value func(*span) int64) []int64 { return Column(t.changed, value) }
	out.Queue(InSchema(schema, sql),
		number(func(s *span) int64 { return s.holder }), number(func(s *span) int64 { return s.held }),
		number(func(s *span) int64 { return int64(s.since) }), number(func(s *span) int64 { return int64(s.until) }))
}

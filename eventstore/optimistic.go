package eventstore

import (
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// The optimistic way of a batch, in one round trip. The writer knows where it left
// the log, so it plans without a look, and the server compares under the head's
// lock before it writes anything. A batch whose assumptions do not hold goes the
// way of commit.go.

const (
	// inspectedAfterMistake is for how many batches the writer looks first after an
	// assumption did not hold: most likely another process appends as well.
	inspectedAfterMistake = 16
	// comparing is the number of statements before the plan's own.
	comparing = 3
)

// checkAssumptions fails, dividing by zero, unless the head is where the plan
// begins and all conditions hold. The head is the upper bound of the search, see
// lastMatches. Conditions that the recent events cover are not searched for: if the
// head is where this writer left it, the recent events are all that could break
// them. Nor are commands: one that is known cannot be written again.
const checkAssumptions = `SELECT 1 / CASE WHEN
		EXISTS (SELECT FROM log.head WHERE singleton AND (log <> $1 OR position <> $2))
		OR EXISTS (SELECT FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS i(hash, after, types)
			CROSS JOIN LATERAL (
				SELECT FROM log.event_tags t
				WHERE t.tag_hash = i.hash AND t.position > i.after AND t.position <= $2
					AND (i.types = '' OR t.type_hash = ANY(i.types::int[]))
				ORDER BY t.position DESC LIMIT 1) c)
	THEN 0 ELSE 1 END`

// append commits a batch, without a look at the log where the writer knows its end.
// The error says that nothing may be appended any more.
func (w *writer) append(batch []*entry) error {
	if batch = w.handOver(batch); len(batch) == 0 {
		return nil
	}
	var p *plan
	if w.trusted() && !slices.ContainsFunc(batch, (*entry).doubtful) {
		p = w.assume(batch)
	}
	if p == nil {
		return w.commit(batch, nil)
	}
	o := transact(w.conn, w.compareAndWrite(p))
	if o.err == nil {
		w.advance(p)
		w.settle(p)
		return nil
	}
	if o.disproved(p) {
		w.inspections = inspectedAfterMistake
	}
	if o.lost {
		w.disconnect()
		return w.commit(batch, p)
	}
	w.abort()
	return w.commit(batch, nil)
}

// disproved says that the log was not as the plan assumed. The plan's first
// statement tells whether a command is known.
func (o outcome) disproved(p *plan) bool {
	return !o.lost && (o.completed < comparing || o.completed == comparing && len(p.keyed) > 0)
}

// trusted says that a batch may be sent on the connection without a look. If the
// connection is lost already, sending without a look would leave an outcome that
// nobody knows. And a session that this process cannot end could take the head's lock
// and commit after its fate was looked up. A commit with a look takes the head's lock
// first, so that neither can happen.
func (w *writer) trusted() bool {
	return w.conn != nil && !w.conn.IsClosed() && w.session.pid != 0 && quiet(w.conn.PgConn().Conn())
}

// assume plans the batch on the assumption that the log ends where this writer left
// it. It returns nil if the batch has to be committed with a look.
func (w *writer) assume(batch []*entry) *plan {
	if w.inspections > 0 {
		w.inspections--
		return nil
	}
	if w.head.log != w.id {
		return nil
	}
	p := makePlan(batch, inspection{head: w.head, conflicts: w.recent.conflicts(batch), term: w.term}, time.Now())
	if p.empty() || p.head.Position >= w.extendAt {
		return nil
	}
	return p
}

// compareAndWrite is the whole transaction of a plan that was made on assumptions.
func (w *writer) compareAndWrite(p *plan) []statement {
	before := p.head.Position - domain.Position(len(p.events))
	l := lookupsOf(p.batch, &w.recent)
	compare := compareHead.with(uuidOf(w.id), int8Of(int64(before)), intsOf(l.hashes), intsOf(l.after), textsOf(l.types))
	return append([]statement{beginBatch.with(), takeHead.with(), compare}, p.statements()...)
}

package eventstore

import (
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore/internal/pipeline"
)

// The optimistic way of a batch, in one round trip. The writer knows where it left
// the log, so it plans without a look, and the server compares under the head's
// lock before it writes anything. A batch whose assumptions do not hold goes the
// way of commit.go, as do those that were planned behind it.

const (
	// maxInFlight is the number of batches that are sent and not answered: one that
	// is being committed, and one that PostgreSQL may begin with at once.
	maxInFlight = 2
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
//
// A plan behind another one also needs that one's last event, $6. That the head is
// in its place does not prove that the plan in front was committed, since others
// may have appended as many events.
const checkAssumptions = `SELECT 1 / CASE WHEN
		EXISTS (SELECT FROM log.head WHERE singleton AND (log <> $1 OR position <> $2))
		OR $6::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM log.events WHERE position = $2 AND id = $6::uuid)
		OR EXISTS (SELECT FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS i(hash, after, types)
			CROSS JOIN LATERAL (
				SELECT FROM log.event_tags t
				WHERE t.tag_hash = i.hash AND t.position > i.after AND t.position <= $2
					AND (i.types = '' OR t.type_hash = ANY(i.types::int[]))
				ORDER BY t.position DESC LIMIT 1) c)
	THEN 0 ELSE 1 END`

// batchInFlight is a planned batch that was sent and whose outcome is not known yet.
type batchInFlight struct {
	*plan
	*pipeline.Transaction
}

// disproved says that the log was not as the plan assumed. The plan's first
// statement tells whether a command is known.
func (b batchInFlight) disproved() bool {
	o := b.Outcome()
	return !o.Lost && (o.Completed < comparing || o.Completed == comparing && len(b.keyed) > 0)
}

// send sends the batch behind those in flight. It reports false if the batch has
// to be committed with a look. Until the batch is known to have failed, the writer
// assumes that it is committed.
func (w *writer) send(batch []*entry) bool {
	if len(w.inFlight) == 0 && !w.trusted() {
		return false
	}
	var front *plan
	if n := len(w.inFlight); n > 0 {
		front = w.inFlight[n-1].plan
	}
	p := w.assume(batch)
	if p == nil {
		return false
	}
	w.inFlight = append(w.inFlight, batchInFlight{p, w.pipeline.Send(w.compareAndWrite(p, front))})
	w.advance(p)
	return true
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
// it, or will have left it when all that is in flight is committed. It returns nil
// if the batch has to be committed with a look.
func (w *writer) assume(batch []*entry) *plan {
	if w.inspections > 0 {
		w.inspections--
		return nil
	}
	if w.head.log != w.id {
		return nil
	}
	p := makePlan(batch, inspection{head: w.head, conflicts: w.recent.conflicts(batch)}, time.Now())
	if len(p.events) == 0 || p.head.Position >= w.extendAt {
		return nil
	}
	return p
}

// compareAndWrite is the whole transaction of a plan that was made on assumptions,
// behind the plan in front, if any.
func (w *writer) compareAndWrite(p, front *plan) []pipeline.Statement {
	var last []byte // stays NULL with nothing in front
	if front != nil {
		last = uuidOf(front.events[len(front.events)-1].ID)
	}
	before := p.head.Position - domain.Position(len(p.events))
	l := lookupsOf(p.batch, &w.recent)
	compare := compareHead.with(uuidOf(w.id), int8Of(int64(before)), intsOf(l.hashes), intsOf(l.after), textsOf(l.types), last)
	return append([]pipeline.Statement{beginBatch.with(), takeHead.with(), compare}, p.statements()...)
}

// conclude waits for the oldest batch in flight and tells what became of it. When
// that one has failed, all that are in flight are brought to their ends.
func (w *writer) conclude() error {
	oldest := w.inFlight[0]
	if oldest.Outcome().Err != nil {
		return w.resolve()
	}
	w.inFlight = w.inFlight[1:]
	w.settle(oldest.plan)
	return nil
}

// concludeAll waits until nothing is in flight.
func (w *writer) concludeAll() error {
	for len(w.inFlight) > 0 {
		if err := w.conclude(); err != nil {
			return err
		}
	}
	return nil
}

// resolve commits the batches in flight, of which the oldest has failed and the
// others with it, after a look at the log, in their order. The writer assumes
// nothing any more: it rolls back, or connects anew.
func (w *writer) resolve() error {
	failed := w.inFlight
	w.inFlight = nil
	lost := false
	for _, b := range failed {
		lost = b.Outcome().Lost || lost
	}
	if lost {
		w.disconnect()
	} else {
		w.abort()
	}
	if failed[0].disproved() {
		w.inspections = inspectedAfterMistake
	}
	for i, b := range failed {
		var sent *plan
		if b.Outcome().Lost {
			sent = b.plan
		}
		if err := w.commit(b.batch, sent); err != nil {
			for _, left := range failed[i+1:] {
				refuse(left.batch, err)
			}
			return err
		}
	}
	return nil
}

package eventstore

import (
	"strconv"
	"time"
)

// caution is for how many batches the writer looks first after it was wrong.
const caution = 16

// checkPresumption fails, dividing by zero, unless the head is where the plan
// begins and no condition is broken. It runs under the head's lock, in a statement
// after the one that took it. The head is the upper bound of the search, see
// lastMatches. It need not ask for conditions that the window covers: if the head
// is where this writer left it, the window holds all events in question. Nor for
// commands: one that is known cannot be written again.
//
// It also fails if the batch was planned behind another whose mark the session
// does not have: a mark that is set in a transaction is undone with it, so that
// one was not committed. That the head is in its place proves nothing then, for
// others may have appended as much.
const checkPresumption = `SELECT 1 / CASE WHEN
		EXISTS (SELECT FROM log.head WHERE singleton AND (log <> $1 OR position <> $2))
		OR $6 <> '' AND $6 IS DISTINCT FROM current_setting('opsledger.mark', true)
		OR EXISTS (SELECT FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS i(hash, after, types)
			CROSS JOIN LATERAL (
				SELECT FROM log.event_tags t
				WHERE t.tag_hash = i.hash AND t.position > i.after AND t.position <= $2
					AND (i.types = '' OR t.type_hash = ANY(i.types::int[]))
				ORDER BY t.position DESC LIMIT 1) c)
	THEN 0 ELSE 1 END, set_config('opsledger.mark', $7, false)`

var compareHead = statement{"opsledger_compare", checkPresumption}

// beforePlan is the number of statements before those of the plan. The plan's
// first, the commands, tells whether they are as presumed, too.
const beforePlan = 3

// ahead is a batch that may be sent unseen.
type ahead struct {
	// plan is what it appends if the log is as presumed then, and message brings
	// it there; nil if it cannot be committed without looking.
	plan    *plan
	message wire
	// mark is what the session is given with it.
	mark string
}

// prepare plans the batch on the presumption that the log ends where this writer
// left it, or will have when the flight in front, if any, has been committed.
func (w *writer) prepare(batch []*entry, front *flight) ahead {
	var a ahead
	if len(batch) == 0 || !w.presumes() {
		return a
	}
	p := makePlan(batch, inspection{head: w.head, conflicts: w.own.conflicts(batch)}, time.Now())
	if p.empty() || p.head.Position >= w.extendAt {
		return a
	}
	l, behind := lookupsOf(batch, &w.own), ""
	if front != nil {
		behind = front.mark
	}
	w.marks++
	a.plan, a.mark = p, strconv.FormatInt(w.marks, 10)
	a.message.add(beginBatch)
	a.message.add(takeHead)
	a.message.add(compareHead, uuidOf(w.id), int8Of(int64(w.head.Position)), intsOf(l.hashes), intsOf(l.after), textsOf(l.types), []byte(behind), []byte(a.mark))
	a.message.addPlan(p)
	return a
}

// presumes says whether the next batch may be planned without looking: the writer
// knows the head, and nobody else seems to append.
func (w *writer) presumes() bool {
	if w.wary > 0 {
		w.wary--
		return false
	}
	return w.head.log == w.id
}

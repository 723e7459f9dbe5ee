package eventstore

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// handoverOverhead is what a message may have beside its entries.
const handoverOverhead = 1024

// errTermOver answers an entry of another process that was sent in a term that has ended.
var errTermOver = errors.New("event store: the term is over")

// newTerm names a term. It cannot be guessed, nor be that of another process, or of an earlier life.
func newTerm() uint64 { return rand.Uint64() | 1 }

// mayAppend says whether the entry may be appended in a term: an entry of this process in any.
func (e *entry) mayAppend(term uint64) bool { return !e.foreign || e.term == term && term != 0 }

// doubtful says that the entry was handed over, and that no answer came.
func (e *entry) doubtful() bool { return e.doubt != nil }

func isForeign(e *entry) bool { return e.foreign }

// handOver has the leading writer commit the batch, if another process has it. It returns what
// this writer has to commit itself.
func (w *writer) handOver(batch []*entry) (own []*entry) {
	h := w.handover.Load()
	if h == nil || slices.ContainsFunc(batch, isForeign) || !h.wanted() {
		return batch
	}
	for len(batch) > 0 {
		part, encoded := h.fitting(batch)
		if len(part) == 0 {
			own, batch = append(own, batch[0]), batch[1:]
			continue
		}
		batch = batch[len(part):]
		left := w.handOverPart(h, part, encoded)
		own = append(own, left...)
		if len(left) > 0 && !h.wanted() {
			return append(own, batch...)
		}
	}
	return own
}

// fitting encodes the first entries of a batch, as many as one message takes.
func (h *Handover) fitting(batch []*entry) (part []*entry, encoded [][]byte) {
	room := int(h.nc.MaxPayload()) - handoverOverhead
	for i, e := range batch {
		text := e.encode()
		if room -= len(text) + 4; room < 0 {
			return batch[:i], encoded
		}
		encoded = append(encoded, text)
	}
	return batch, encoded
}

// handOverPart hands the entries of one message over, and again those that come late for a term,
// which the answer names the next one of.
func (w *writer) handOverPart(h *Handover, part []*entry, encoded [][]byte) (own []*entry) {
	for range 2 {
		to := h.heard.Load()
		if to == nil {
			break
		}
		w.head = storedHead{} // another process appends
		passed := max(domain.Position(w.passed.Load()), to.passed)
		reply, err := h.ask(to.process, encoded)
		if err != nil {
			h.log.Warn("a batch was handed over, and its fate is looked up", "commands", len(part), "error", err)
			h.failed()
			for _, e := range part {
				e.doubt = &passed
			}
			return append(own, part...)
		}
		h.term = reply.term
		var late []*entry
		var lateText [][]byte
		for i, a := range reply.entries {
			switch {
			case a.answer == answeredLate:
				late, lateText = append(late, part[i]), append(lateText, encoded[i])
			case !w.answered(part[i], a, passed):
				own = append(own, part[i])
			}
		}
		if part, encoded = late, lateText; len(part) == 0 {
			h.rest = restMin
			return own
		}
	}
	h.failed()
	return append(own, part...)
}

// answered tells the entry's caller what the leading writer has answered. It returns false if this
// writer is to append the entry. The log had passed a position when the entry was handed over.
func (w *writer) answered(e *entry, a entryReply, passed domain.Position) bool {
	switch a.answer {
	case answeredCommitted:
		events, ok := a.placed(e.events)
		if !ok {
			e.doubt = &passed
			return false
		}
		if n := len(events); n > 0 && events[n-1].Position > w.last {
			w.saw(events[n-1])
		}
		w.refused.Store(nil)
		w.metrics.handedOver.Inc()
		e.done <- answer{events: events}
		return true
	case answeredConflict:
		w.metrics.conflicts.Inc()
		e.done <- answer{err: errConflict}
		return true
	case answeredOpen:
		e.doubt = &passed
	}
	return false
}

// findDoubtful finds what was appended of entries. There is no index for it: what they may have been
// appended behind is what the leading writer had appended when it last showed itself.
const findDoubtful = `SELECT id, position, prev, recorded_at FROM log.events WHERE position > $1 AND command_id = ANY($2::uuid[])`

// place is where an event is in the log.
type place struct {
	position, prev domain.Position
	at             time.Time
}

// queueDoubtful finds the events of doubtful entries.
func queueDoubtful(b *pgx.Batch, batch []*entry, found map[uuid.UUID]place) {
	var commands [][16]byte
	var after *domain.Position
	for _, e := range batch {
		if e.doubtful() {
			commands = append(commands, e.commandID)
			if after == nil || *e.doubt < *after {
				after = e.doubt
			}
		}
	}
	if len(commands) == 0 {
		return
	}
	b.Queue(findDoubtful, int64(*after), commands).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		var p place
		_, err := pgx.ForEachRow(rows, []any{&id, &p.position, &p.prev, &p.at}, func() error {
			found[id] = place{p.position, p.prev, p.at.UTC()}
			return nil
		})
		return err
	})
}

// appendedAs returns the entry's events as they are in the log, nil if they are not there.
func (e *entry) appendedAs(found map[uuid.UUID]place) []protocol.Envelope {
	if !e.doubtful() || len(e.events) == 0 {
		return nil
	}
	events := make([]protocol.Envelope, 0, len(e.events))
	for _, event := range e.events {
		p, ok := found[event.ID]
		if !ok {
			return nil
		}
		event.Position, event.Prev, event.RecordedAt = p.position, p.prev, p.at
		events = append(events, event)
	}
	return events
}

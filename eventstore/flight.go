package eventstore

import (
	"context"
	"errors"

	"github.com/opsledger/opsledger/domain"
)

// flight is a planned batch on its way, in one round trip.
type flight struct {
	plan *plan
	end  context.CancelFunc
	// landed is closed when the server has answered, with an error or after how
	// many statements.
	landed    chan struct{}
	succeeded int
	err       error
}

// launch sends a planned batch. From then on the writer presumes that it is
// committed, until land says so. It returns nil if the batch must not go unseen:
// a connection that was lost would make its outcome uncertain for want of a look.
func (w *writer) launch(a ahead) *flight {
	if a.plan == nil || w.conn == nil || w.conn.IsClosed() || !quiet(w.conn.PgConn().Conn()) {
		return nil
	}
	ctx, end := context.WithTimeout(context.Background(), batchLimit) // what was begun is finished
	f := &flight{plan: a.plan, end: end, landed: make(chan struct{})}
	go func() {
		defer close(f.landed)
		// Sending waits, too, where the server cannot read on for want of the head's lock.
		f.succeeded, f.err = finish(w.conn.SendBatch(ctx, a.statements), a.statements.Len())
	}()
	w.advance(a.plan)
	return f
}

// follow waits until the flight has landed. Once as many entries wait as it
// carries, it plans the next batch: half of the callers decide and are planned
// while the other half is being committed. With fewer it leaves them for later, for
// small batches cost as much as large ones.
func (w *writer) follow(f *flight, box *mailbox) (next ahead) {
	box.expect(len(f.plan.batch))
	defer box.expect(1)
	for len(next.batch) == 0 {
		select {
		case <-f.landed:
			return ahead{}
		case <-box.wake:
			next = w.prepare(box.take())
		}
	}
	<-f.landed
	return next
}

// land takes the server's answer. After an error the writer presumes nothing: it
// has begun anew, or connects anew. sent is then the plan if it may have been
// committed.
//
// The server checks under the head's lock, before it writes, that all is as was
// presumed, and otherwise writes nothing: the error is errPresumption.
func (w *writer) land(f *flight) (sent *plan, err error) {
	<-f.landed
	f.end()
	if f.err == nil {
		return nil, nil
	}
	if !definite(f.err) {
		w.disconnect()
		return f.plan, f.err
	}
	w.abort()
	if f.succeeded < beforePlan || f.succeeded == beforePlan && len(f.plan.keyed) > 0 {
		w.wary = caution
		return nil, errors.Join(errPresumption, f.err)
	}
	return nil, f.err
}

// advance puts the writer behind the plan's events.
func (w *writer) advance(p *plan) {
	w.own.add(p.head.Position-domain.Position(len(p.events)), p.events, p.tags)
	w.head = storedHead{Head: p.head, log: w.id}
}

// forget makes the writer look at the log before it appends again.
func (w *writer) forget() { w.head, w.own = storedHead{}, window{} }

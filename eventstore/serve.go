package eventstore

import "github.com/opsledger/opsledger/domain"

// serve brings a batch to its end, and those that fly behind it: committed, or
// refused for a known reason. Its error says that nothing may be appended any more.
func (w *writer) serve(batch []*entry, box *mailbox) error {
	front := w.launch(w.prepare(batch, nil), nil)
	if front == nil {
		return w.insist(batch, nil)
	}
	for front != nil {
		behind, rest := w.follow(front, box)
		if front.err == nil {
			w.settle(front.plan)
			front = behind
		} else {
			if err := w.salvage(front, behind); err != nil {
				refuse(rest, err)
				return err
			}
			front = nil
		}
		if len(rest) > 0 {
			return w.insist(rest, nil)
		}
	}
	return nil
}

// launch sends a planned batch. From then on the writer presumes that it is
// committed, until it has landed otherwise. It returns nil if the batch must not
// go unseen.
func (w *writer) launch(a ahead, front *flight) *flight {
	if a.plan == nil || front == nil && !w.ready() {
		return nil
	}
	f := fly(w.conn.PgConn(), a.plan, a.message, front)
	f.mark = a.mark
	w.advance(a.plan)
	return f
}

// ready says that a batch may be sent unseen. A connection that was lost already
// would make its outcome uncertain for want of a look; and a session that we cannot
// end could take the head's lock, and commit, after a look. A batch for which the
// lock was taken first needs neither.
func (w *writer) ready() bool {
	return w.conn != nil && !w.conn.IsClosed() && w.session.pid != 0 && quiet(w.conn.PgConn().Conn())
}

// follow waits until the flight has landed. Once as many entries wait as it
// carries, it lets them fly behind it: half of the callers decide while the other
// half is being committed. With fewer it leaves them for later, for small batches
// cost as much as large ones. What cannot fly unseen it returns as the rest.
func (w *writer) follow(f *flight, box *mailbox) (behind *flight, rest []*entry) {
	box.expect(len(f.plan.batch))
	defer box.expect(1)
	for behind == nil && len(rest) == 0 {
		select {
		case <-f.landed:
			return nil, nil
		case <-box.wake:
			rest = box.take()
			if behind = w.launch(w.prepare(rest, f), f); behind != nil {
				rest = nil
			}
		}
	}
	<-f.landed
	return behind, rest
}

// salvage brings a flight that has failed, and the one behind it, to their ends by
// looking at the log. After an error the writer presumes nothing: it has begun
// anew, or connects anew.
//
// The server checks under the head's lock, before it writes, that all is as was
// presumed, and otherwise writes nothing.
func (w *writer) salvage(f, behind *flight) error {
	flights := []*flight{f}
	if behind != nil {
		<-behind.landed
		flights = append(flights, behind)
	}
	if last := flights[len(flights)-1]; f.lost() || last.lost() {
		w.disconnect()
	} else {
		w.abort()
	}
	if f.refuted() {
		w.wary = caution
	}
	for i, f := range flights {
		var sent *plan
		if f.lost() {
			sent = f.plan
		}
		if err := w.insist(f.plan.batch, sent); err != nil {
			for _, left := range flights[i+1:] {
				refuse(left.plan.batch, err)
			}
			return err
		}
	}
	return nil
}

// advance puts the writer behind the plan's events.
func (w *writer) advance(p *plan) {
	w.own.add(p.head.Position-domain.Position(len(p.events)), p.events, p.tags)
	w.head = storedHead{Head: p.head, log: w.id}
}

// forget makes the writer look at the log before it appends again.
func (w *writer) forget() { w.head, w.own = storedHead{}, window{} }

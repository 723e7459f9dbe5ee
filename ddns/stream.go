package ddns

import (
	"context"
	"time"

	mdns "github.com/miekg/dns"
)

// messageRoom is about how much of records one message of a transfer has, uncompressed.
const messageRoom = 32 << 10

// stream sends the records of a transfer in messages, each of them signed over the one before
// (RFC 8945, section 5.3.1).
type stream struct {
	asked *asked
	send  func([]byte) error
	// ctx ends when nothing more may be sent.
	ctx context.Context
	now func() time.Time
	// mac is that of the message before.
	mac      string
	messages int

	pending []mdns.RR
	size    int
}

// add sends a record, by and by.
func (t *stream) add(rr mdns.RR) error {
	size := mdns.Len(rr)
	if t.size > 0 && t.size+size > messageRoom {
		if err := t.flush(); err != nil {
			return err
		}
	}
	t.pending, t.size = append(t.pending, rr), t.size+size
	return nil
}

// end sends the last record and all that is left.
func (t *stream) end(last mdns.RR) error {
	if err := t.add(last); err != nil {
		return err
	}
	return t.flush()
}

func (t *stream) flush() error {
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	m := t.asked.message(reply{authoritative: true, answer: t.pending})
	if t.messages > 0 {
		m.Question = nil
	}
	out, mac, err := t.asked.signed.sign(m, t.mac, t.messages > 0, t.now())
	if err != nil {
		return err
	}
	if err := t.send(out); err != nil {
		return err
	}
	t.mac, t.messages, t.pending, t.size = mac, t.messages+1, t.pending[:0], 0
	return nil
}

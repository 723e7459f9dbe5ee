package pull

import "github.com/nats-io/nats.go"

// ackEvery bounds how many events are acknowledged by one message: an
// acknowledgement covers all before it.
const ackEvery = 64

// acker acknowledges the events that the agent has, many with one message.
type acker struct {
	nc      *nats.Conn
	reply   string
	pending int
}

// add says that the agent has the message, and all before it.
func (a *acker) add(m *nats.Msg) {
	a.reply = m.Reply
	if a.pending++; a.pending >= ackEvery {
		a.flush()
	}
}

// flush may fail with the connection: events that are not acknowledged come again.
func (a *acker) flush() {
	if a.pending == 0 {
		return
	}
	a.pending = 0
	_ = a.nc.Publish(a.reply, []byte("+ACK"))
}

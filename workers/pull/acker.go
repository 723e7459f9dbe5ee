package pull

import "github.com/nats-io/nats.go"

// ackEvery bounds how many events are acknowledged by one message: an
// acknowledgement covers all before it.
const ackEvery = 64

// Acker acknowledges what the agent has. It holds back a little, since one
// acknowledgement covers all before it.
type Acker struct {
	NC      *nats.Conn
	reply   string
	pending int
}

// Add says that the agent has the message, and all before it.
func (a *Acker) Add(m *nats.Msg) {
	a.reply = m.Reply
	if a.pending++; a.pending >= ackEvery {
		a.Flush()
	}
}

// Flush may fail with the connection: what is not acknowledged comes again.
func (a *Acker) Flush() {
	if a.pending == 0 {
		return
	}
	a.pending = 0
	_ = a.NC.Publish(a.reply, []byte("+ACK"))
}

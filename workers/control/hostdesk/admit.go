package hostdesk

import (
	"errors"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/protocol"
)

// ofHost is what one host may cost, in bytes. A host has two reports under way at a time;
// two more may be those of which it has given up the answer.
var ofHost = allowance.Limits{PerSecond: 2 << 20, Burst: 8 << 20, InWork: 4}

const (
	// costOfMessage is what every message costs beside its bytes, and costOfAttempt what each
	// attempt in a report does: a command, which reads the attempt's task.
	costOfMessage = 512
	costOfAttempt = 4 << 10
	// costOfWork is what a question for work costs, whose answer may be long.
	costOfWork = 64 << 10
)

var (
	errNoHost       = errors.New("the subject names no host")
	errForeignInbox = errors.New("the answer would not go to the host's own inbox")
)

// admit lets messages through that are to be answered, before anything in them is read: a
// host that sends too many or too large ones is not heard, and costs others nothing.
func (d *Desk) admit(next nats.MsgHandler) nats.MsgHandler {
	return func(m *nats.Msg) {
		host, ok := protocol.AgentOf(m.Subject)
		cost := costOfMessage + len(m.Data)
		if m.Subject == protocol.SubjectHostWork(host) {
			cost = costOfWork
		}
		switch {
		case !ok:
			d.hosts.Complain(0, errNoHost)
		case !protocol.HostInboxOf(host, m.Reply):
			d.hosts.Complain(host, errForeignInbox)
		case d.hosts.Begin(host, cost):
			next(m)
		}
	}
}

package pull

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

const (
	// batch is how many messages are asked for; more are asked for when half of
	// them are left, so that a message never waits for a request.
	batch = 256
	// expires is how long the server keeps a request that gets no messages.
	expires = 30 * time.Second
	// idleHeartbeat is how often the server shows that it still has a request.
	idleHeartbeat = 2 * time.Second
	// pinHeader is the header of messages that says which delivery the consumer belongs to.
	pinHeader = "Nats-Pin-Id"
)

// errTaken says that messages of the consumer went elsewhere.
var errTaken = fmt.Errorf("%w: messages of the consumer went elsewhere", ErrEnded)

// delivery is one run of pull requests with an inbox of its own, so that messages which
// an earlier run asked for and which come late do not reach it. One goroutine uses it.
//
// The requests of an earlier run may outlive it: over the route of a cluster, and from one
// account to another, the server does not see that nobody listens any more. So the consumer
// is pinned to a delivery at its first message; an earlier delivery's requests get none.
type delivery struct {
	nc       *nats.Conn
	consumer string
	inbox    string
	sub      *nats.Subscription
	// messages has events, and the server's status messages, see status.
	messages chan *nats.Msg
	// wanted is how many messages were asked for and have not come yet.
	wanted int
	// begun says that a message of the consumer has come, and pin what the consumer knows
	// this delivery by since; a consumer that an earlier version has made knows nothing.
	begun bool
	pin   string
	// claimed says that the consumer was reset since the delivery began: what it had sent
	// before may still come.
	claimed bool
	// next is the number of the consumer's next message, which counts from 1 after each
	// reset; 0 is any.
	next uint64
}

// begin subscribes to a new inbox. It asks for no messages: refill does.
func begin(nc *nats.Conn, consumer string) (*delivery, error) {
	// The server sends as many messages as were asked for and a few status messages about
	// each request, so that the channel never overflows.
	d := &delivery{nc: nc, consumer: consumer, inbox: nc.NewInbox(), messages: make(chan *nats.Msg, 4*batch)}
	var err error
	if d.sub, err = nc.ChanSubscribe(d.inbox, d.messages); err != nil {
		return nil, fmt.Errorf("subscribe to the delivery inbox: %w", err)
	}
	return d, nil
}

// end unsubscribes, upon which the server drops the pull requests.
func (d *delivery) end() { _ = d.sub.Unsubscribe() }

// refill asks for more when half of what was asked for has come.
func (d *delivery) refill() error {
	if d.wanted > batch/2 {
		return nil
	}
	var request struct {
		Batch     int           `json:"batch"`
		Expires   time.Duration `json:"expires"`
		Heartbeat time.Duration `json:"idle_heartbeat"`
		Group     string        `json:"group"`
		Pin       string        `json:"id,omitempty"`
	}
	request.Batch, request.Expires, request.Heartbeat = batch-d.wanted, expires, idleHeartbeat
	request.Group, request.Pin = protocol.PullGroup, d.pin
	payload, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if err := d.nc.PublishRequest(subject("MSG.NEXT", d.consumer), d.inbox, payload); err != nil {
		return fmt.Errorf("ask for messages: %w", err)
	}
	d.wanted += request.Batch
	return nil
}

// status says whether a message is a status message of the server rather than an event.
// The error wraps ErrEnded if the status ends the delivery.
func (d *delivery) status(m *nats.Msg) (isStatus bool, err error) {
	if len(m.Data) > 0 || m.Header.Get("Status") == "" {
		d.wanted = max(0, d.wanted-1)
		return false, nil
	}
	code, description := m.Header.Get("Status"), m.Header.Get("Description")
	if left, err := strconv.Atoi(m.Header.Get("Nats-Pending-Messages")); err == nil && code != "100" {
		d.wanted = max(0, d.wanted-left)
	}
	switch {
	case code == "100": // heartbeat
		return true, nil
	case code == "404", code == "408": // the request ended; refill makes a new one
		return true, nil
	case code == "409" && description == "Batch Completed":
		return true, nil
	}
	return true, fmt.Errorf("%w: the server says %s %s", ErrEnded, code, description)
}

// follows says whether a message is the consumer's next one. It returns an error that wraps
// [ErrEnded] if one before it did not come here: whether the agent then lacks an event that
// the stream has, only another delivery can tell.
func (d *delivery) follows(m *nats.Msg) (bool, error) {
	number, err := numberOf(m)
	switch {
	case err != nil:
		return false, err
	case d.next == 0 || number == d.next:
		d.begun, d.pin, d.next = true, m.Header.Get(pinHeader), number+1
		return true, nil
	case d.claimed && !d.begun: // sent before the claim
		return false, nil
	}
	return false, fmt.Errorf("%w: number %d came, %d did not", errTaken, number, d.next)
}

// pass notes a message that is no event of the log, if it is the consumer's next one: the
// events behind it do not fit, and that is not for want of a message.
func (d *delivery) pass(m *nats.Msg) {
	if number, err := numberOf(m); err == nil && number == d.next {
		d.next++
	}
}

// numberOf is which of the consumer's messages it is, counted from 1 after each reset.
func numberOf(m *nats.Msg) (uint64, error) {
	meta, err := m.Metadata()
	if err != nil {
		return 0, err
	}
	return meta.Sequence.Consumer, nil
}

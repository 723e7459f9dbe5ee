package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/workers/protocol"
)

const (
	// pullBatch is how many messages are asked for; more are asked for when half
	// of them are left, so that a message never waits for a request.
	pullBatch = 256
	// pullExpires is how long the server keeps a request that gets no messages.
	pullExpires = 30 * time.Second
	// heartbeat is how often the server shows that it still has the request.
	heartbeat = 2 * time.Second
	// silence is how long nothing at all may come before the request is given up as lost.
	silence = 2*heartbeat + time.Second
	// resetTimeout bounds the answer to a consumer reset.
	resetTimeout = 3 * time.Second
	// resetRepeat is when an unanswered reset is sent again, and twice as late each
	// further time: nobody answers for a consumer that is just being made.
	resetRepeat = 200 * time.Millisecond
)

// resetConsumer lets the agent's consumer begin at the position and returns when
// that consumer was created, which tells it from an earlier one of the same name.
func resetConsumer(ctx context.Context, nc *nats.Conn, agent int64, from domain.Position) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, resetTimeout)
	defer cancel()
	var request struct {
		Seq uint64 `json:"seq"`
	}
	request.Seq = uint64(from)
	payload, err := json.Marshal(request)
	if err != nil {
		return time.Time{}, err
	}
	reply, err := requestReset(ctx, nc, agent, payload)
	if err != nil {
		return time.Time{}, fmt.Errorf("reset the consumer to %d: %w", from, err)
	}
	var answer struct {
		Created time.Time `json:"created"`
		Error   *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return time.Time{}, fmt.Errorf("reset the consumer to %d: %w", from, err)
	}
	if answer.Error != nil {
		return time.Time{}, fmt.Errorf("reset the consumer to %d: %s", from, answer.Error.Description)
	}
	return answer.Created, nil
}

// requestReset asks until it is answered or ctx ends. A reset that is carried out
// twice only makes the consumer deliver again what the follower then knows.
func requestReset(ctx context.Context, nc *nats.Conn, agent int64, payload []byte) (*nats.Msg, error) {
	for wait := resetRepeat; ; wait *= 2 {
		try, cancel := context.WithTimeout(ctx, wait)
		reply, err := nc.RequestWithContext(try, apiSubject("RESET", agent), payload)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return reply, err
		}
	}
}

// apiSubject is where a JetStream request about the agent's consumer goes.
func apiSubject(verb string, agent int64) string {
	return fmt.Sprintf("$JS.API.CONSUMER.%s.%s.%s", verb, eventstore.StreamEvents, protocol.Consumer(agent))
}

// delivery is one run of pull requests with an inbox of its own: what an earlier
// run asked for and comes late does not reach it.
type delivery struct {
	nc       *nats.Conn
	agent    int64
	inbox    string
	sub      *nats.Subscription
	messages chan *nats.Msg
	// wanted is how many messages were asked for and have not come yet.
	wanted int
}

func newDelivery(nc *nats.Conn, agent int64) (*delivery, error) {
	// The server sends no more than was asked for, plus a few words about each
	// request, so the channel never overflows.
	d := &delivery{nc: nc, agent: agent, inbox: nc.NewInbox(), messages: make(chan *nats.Msg, 4*pullBatch)}
	var err error
	if d.sub, err = nc.ChanSubscribe(d.inbox, d.messages); err != nil {
		return nil, fmt.Errorf("subscribe to the delivery inbox: %w", err)
	}
	return d, nil
}

// close takes the interest away, upon which the server drops the pull requests.
func (d *delivery) close() { _ = d.sub.Unsubscribe() }

// refill asks for more when half of what was asked for has come.
func (d *delivery) refill() error {
	if d.wanted > pullBatch/2 {
		return nil
	}
	var request struct {
		Batch     int           `json:"batch"`
		Expires   time.Duration `json:"expires"`
		Heartbeat time.Duration `json:"idle_heartbeat"`
	}
	request.Batch, request.Expires, request.Heartbeat = pullBatch-d.wanted, pullExpires, heartbeat
	payload, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if err := d.nc.PublishRequest(apiSubject("MSG.NEXT", d.agent), d.inbox, payload); err != nil {
		return fmt.Errorf("ask for messages: %w", err)
	}
	d.wanted += request.Batch
	return nil
}

// isStatus says whether a message is the server's word about a pull request
// rather than an event.
func isStatus(m *nats.Msg) bool { return len(m.Data) == 0 && m.Header.Get("Status") != "" }

// status takes the server's word about a pull request.
func (d *delivery) status(m *nats.Msg) error {
	code, description := m.Header.Get("Status"), m.Header.Get("Description")
	if left, err := strconv.Atoi(m.Header.Get("Nats-Pending-Messages")); err == nil && code != "100" {
		d.wanted = max(0, d.wanted-left)
	}
	switch code {
	case "100": // heartbeat
		return nil
	case "404", "408": // the request ended; refill makes a new one
		return nil
	case "409":
		if description == "Batch Completed" {
			return nil
		}
	}
	return fmt.Errorf("%w: %s %s", errAgain, code, description)
}

// read returns the event that a message holds. The inbox is unguessable but not
// protected, so a message is believed only if all that it says of itself agrees.
func (d *delivery) read(m *nats.Msg) (eventstore.Envelope, error) {
	var e eventstore.Envelope
	meta, err := m.Metadata()
	if err != nil {
		return e, err
	}
	if meta.Stream != eventstore.StreamEvents || meta.Consumer != protocol.Consumer(d.agent) {
		return e, fmt.Errorf("it comes from consumer %s of stream %s", meta.Consumer, meta.Stream)
	}
	if err := json.Unmarshal(m.Data, &e); err != nil {
		return e, err
	}
	if uint64(e.Position) != meta.Sequence.Stream || eventstore.Subject(e) != m.Subject {
		return e, errors.New("position or subject are not those of the event")
	}
	return e, nil
}

package eventstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// maxUnanswered and maxUnansweredBytes bound the messages that are published and not
	// answered yet.
	maxUnanswered      = 1_000
	maxUnansweredBytes = 16 << 20
	// askMessages and askBytes bound the messages that one answer is for.
	askMessages = 64
	askBytes    = 1 << 20
	// answerTimeout bounds the wait for one answer. A late answer is harmless: the next
	// pass starts from what the stream holds.
	answerTimeout = 5 * time.Second
)

// publishWindow publishes messages without waiting for the answer to each. It is
// used by one goroutine, which must close it.
//
// JetStream is asked to answer the last message, and every askMessages-th before it.
// An answer that JetStream took a message proves that it took all before: each is
// published on the condition that the stream ends right before it, so after one that
// was refused or lost all that follow are refused. The first message is answered as
// well, so that the reason for which JetStream takes nothing is told, and not only
// the gap that the first refusal left. An answer costs JetStream, the bus and this
// process together as much as publishing does.
type publishWindow struct {
	nc      *nats.Conn
	inbox   string
	sub     *nats.Subscription
	answers chan *nats.Msg
	// msg, sequence and seal are used again for each message: the client copies a message as
	// it publishes it.
	msg      nats.Msg
	sequence []string
	seal     []string

	// asked are the parts for which an answer was asked, in their order; open is the
	// part for which none was asked yet.
	asked []publishedPart
	open  publishedPart
	// began is set once something was published.
	began bool
	// messages and bytes are those of all parts.
	messages, bytes int
}

// publishedPart is some messages in a row; the last is at position.
type publishedPart struct {
	position        domain.Position
	messages, bytes int
}

func openPublishWindow(nc *nats.Conn) (*publishWindow, error) {
	// Answers never overflow the channel: there is one for each part.
	w := &publishWindow{
		nc: nc, inbox: nc.NewInbox(), answers: make(chan *nats.Msg, maxUnanswered), sequence: make([]string, 1), seal: make([]string, 1),
	}
	w.msg.Header = nats.Header{jetstream.ExpectedLastSeqHeader: w.sequence}
	var err error
	w.sub, err = nc.ChanSubscribe(w.inbox, w.answers)
	return w, err
}

// close ends the wait for all answers.
func (w *publishWindow) close() { _ = w.sub.Unsubscribe() } // fails only when the connection is closed already

// push publishes one event, first waiting for answers when too many are missing. With last
// JetStream is asked for an answer in any case.
func (w *publishWindow) push(ctx context.Context, m message, last bool, settled func(publishedPart)) error {
	position := m.event.Position
	for len(w.asked) > 0 && (w.messages >= maxUnanswered || w.bytes+len(m.payload) > maxUnansweredBytes) {
		if err := w.await(ctx, settled); err != nil {
			return err
		}
	}
	w.open = publishedPart{position: position, messages: w.open.messages + 1, bytes: w.open.bytes + len(m.payload)}
	w.messages, w.bytes = w.messages+1, w.bytes+len(m.payload)
	w.msg.Reply = ""
	if last || !w.began || w.open.messages >= askMessages || w.open.bytes >= askBytes {
		w.msg.Reply = w.inbox
		w.asked, w.open, w.began = append(w.asked, w.open), publishedPart{}, true
	}
	w.msg.Subject, w.msg.Data = protocol.Subject(*m.event), m.payload
	w.sequence[0] = strconv.FormatInt(int64(position-1), 10)
	if w.seal[0] = m.seal; m.seal != "" {
		w.msg.Header[protocol.HeaderSeal] = w.seal
	} else {
		delete(w.msg.Header, protocol.HeaderSeal)
	}
	if err := w.nc.PublishMsg(&w.msg); err != nil {
		return fmt.Errorf("publish event %d: %w", position, err)
	}
	return nil
}

// drain waits until everything is answered.
func (w *publishWindow) drain(ctx context.Context, settled func(publishedPart)) error {
	for len(w.asked) > 0 {
		if err := w.await(ctx, settled); err != nil {
			return err
		}
	}
	return nil
}

// await waits for the next answer.
func (w *publishWindow) await(ctx context.Context, settled func(publishedPart)) error {
	timeout := time.NewTimer(answerTimeout)
	defer timeout.Stop()
	select {
	case m := <-w.answers:
		return w.settle(m, settled)
	case <-timeout.C:
		return fmt.Errorf("no answer from JetStream to event %d within %s", w.asked[0].position, answerTimeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle takes an answer, which is for the oldest part: JetStream takes messages,
// and answers them, in the order in which they were published.
func (w *publishWindow) settle(m *nats.Msg, settled func(publishedPart)) error {
	if len(w.asked) == 0 {
		return fmt.Errorf("publish: JetStream answers what was not asked: %q", m.Data)
	}
	part := w.asked[0]
	if err := checkAnswer(m, part.position); err != nil {
		return err
	}
	w.asked = w.asked[1:]
	w.messages, w.bytes = w.messages-part.messages, w.bytes-part.bytes
	settled(part)
	return nil
}

// checkAnswer returns nil if the answer says that a message was taken at the
// position. The refusal of one that is not the stream's next becomes errResync:
// another relay was there first, or the stream is new.
func checkAnswer(m *nats.Msg, position domain.Position) error {
	if len(m.Data) == 0 {
		return fmt.Errorf("publish: %w", jetstream.ErrNoStreamResponse)
	}
	var answer struct {
		Sequence uint64              `json:"seq"`
		Error    *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return fmt.Errorf("publish: JetStream's answer: %w", err)
	}
	switch refused := answer.Error; {
	case refused == nil && answer.Sequence == uint64(position):
		return nil
	case refused == nil:
		return fmt.Errorf("publish: JetStream put event %d at %d", position, answer.Sequence)
	case refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence, refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return errResync
	default:
		return fmt.Errorf("publish: %w", refused)
	}
}

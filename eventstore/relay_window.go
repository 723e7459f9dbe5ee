package eventstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
)

const (
	// windowMessages and windowBytes bound what is published and not yet answered.
	windowMessages = 1_000
	windowBytes    = 16 << 20
	// answerTimeout bounds the wait for one answer. A late one is harmless: the
	// next pass starts from what the stream holds.
	answerTimeout = 5 * time.Second
)

// publishWindow publishes without waiting for each answer. It is used by one goroutine.
type publishWindow struct {
	js      jetstream.JetStream
	pending []pendingMessage
	bytes   int
}

type pendingMessage struct {
	position domain.Position
	bytes    int
	answer   jetstream.PubAckFuture
}

func newPublishWindow(js jetstream.JetStream) *publishWindow { return &publishWindow{js: js} }

// push publishes one event, first waiting for answers when too many are missing.
func (w *publishWindow) push(ctx context.Context, e Envelope, settled func(domain.Position)) error {
	payload, err := encodeMessage(e)
	if err != nil {
		return fmt.Errorf("encode event %d: %w", e.Position, err)
	}
	for len(w.pending) >= windowMessages || len(w.pending) > 0 && w.bytes+len(payload) > windowBytes {
		if err := w.await(ctx, settled); err != nil {
			return err
		}
	}
	answer, err := w.js.PublishMsgAsync(&nats.Msg{
		Subject: Subject(e), Data: payload,
		Header: nats.Header{jetstream.ExpectedLastSeqHeader: {strconv.FormatInt(int64(e.Position-1), 10)}},
	}, jetstream.WithRetryAttempts(0))
	if err != nil {
		return fmt.Errorf("publish event %d: %w", e.Position, err)
	}
	w.pending = append(w.pending, pendingMessage{position: e.Position, bytes: len(payload), answer: answer})
	w.bytes += len(payload)
	return nil
}

// oldest returns the channels of the oldest unanswered message, nil ones when
// there is none. After a receive from the first, settle must be called.
func (w *publishWindow) oldest() (<-chan *jetstream.PubAck, <-chan error) {
	if len(w.pending) == 0 {
		return nil, nil
	}
	return w.pending[0].answer.Ok(), w.pending[0].answer.Err()
}

// settle takes note of the answer just received from oldest, and of all others
// that have arrived.
func (w *publishWindow) settle(ctx context.Context, settled func(domain.Position)) error {
	w.pop(settled)
	for len(w.pending) > 0 {
		select {
		case <-w.pending[0].answer.Ok():
			w.pop(settled)
		case err := <-w.pending[0].answer.Err():
			return publishError(err)
		default:
			return nil
		}
	}
	return nil
}

// drain waits until everything is answered.
func (w *publishWindow) drain(ctx context.Context, settled func(domain.Position)) error {
	for len(w.pending) > 0 {
		if err := w.await(ctx, settled); err != nil {
			return err
		}
	}
	return nil
}

// await waits for the oldest answer.
func (w *publishWindow) await(ctx context.Context, settled func(domain.Position)) error {
	timeout := time.NewTimer(answerTimeout)
	defer timeout.Stop()
	answered, failed := w.oldest()
	select {
	case <-answered:
		w.pop(settled)
		return nil
	case err := <-failed:
		return publishError(err)
	case <-timeout.C:
		return fmt.Errorf("no answer from JetStream to event %d within %s", w.pending[0].position, answerTimeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *publishWindow) pop(settled func(domain.Position)) {
	first := w.pending[0]
	w.pending = w.pending[1:]
	w.bytes -= first.bytes
	settled(first.position)
}

// publishError turns the refusal of a message that is not the stream's next into
// errResync: another relay was there first, or the stream is new.
func publishError(err error) error {
	var refused *jetstream.APIError
	if errors.As(err, &refused) {
		switch refused.ErrorCode {
		case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
			return errResync
		}
	}
	return fmt.Errorf("publish: %w", err)
}

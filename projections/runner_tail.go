package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// tailBuffer is the number of messages that wait for the runner.
	tailBuffer = 1_000
	// tailHeartbeat is how often a silent stream shows that it lives; after two
	// missing ones the consumer is made anew.
	tailHeartbeat = 2 * time.Second
	tailExpiry    = 10 * time.Second
	// tailForgotten is how long the server keeps the consumer of a dead process.
	tailForgotten = 30 * time.Second
	tailRetryMin  = 50 * time.Millisecond
	tailRetryMax  = time.Second
)

// tail delivers the EVENTS stream's messages from a position on, for speed, not
// for truth: it may repeat and leave out messages, whenever the stream, its
// consumer or the connection is lost and made anew. The runner checks positions.
//
// All contexts' events come, so that their positions have no gaps and the
// checkpoint moves on whatever happens.
type tail struct {
	messages chan tailMessage

	js      jetstream.JetStream
	owner   uuid.UUID
	log     *slog.Logger
	applied atomic.Int64
	cancel  context.CancelFunc
	done    chan struct{}
}

// tailMessage is one message with what can be known without decoding it.
type tailMessage struct {
	position domain.Position
	context  domain.Context
	// pending is the number of messages that the stream holds behind it.
	pending domain.Position
	payload []byte
}

// startTail delivers what comes after the position, until stop.
func startTail(ctx context.Context, js jetstream.JetStream, owner uuid.UUID, after domain.Position, log *slog.Logger) *tail {
	ctx, cancel := context.WithCancel(ctx)
	t := &tail{messages: make(chan tailMessage, tailBuffer), js: js, owner: owner, log: log, cancel: cancel, done: make(chan struct{})}
	t.reached(after)
	go t.run(ctx)
	return t
}

func (t *tail) stop() {
	t.cancel()
	<-t.done
}

// reached says where to start when the consumer must be made anew.
func (t *tail) reached(position domain.Position) { t.applied.Store(int64(position)) }

func (t *tail) run(ctx context.Context) {
	defer close(t.done)
	wait := backoff.Growing{Least: tailRetryMin, Most: tailRetryMax}
	for {
		began := time.Now()
		err := t.consume(ctx)
		if ctx.Err() != nil {
			return
		}
		t.log.Debug("the stream's consumer is made anew", "error", err)
		if time.Since(began) > 4*wait.Most {
			wait.Reset()
		}
		if !wait.Wait(ctx, nil) {
			return
		}
	}
}

// consume delivers from one consumer until it fails.
func (t *tail) consume(ctx context.Context) error {
	stream, err := t.js.Stream(ctx, protocol.StreamEvents)
	if err != nil {
		return err
	}
	if owner := stream.CachedInfo().Config.Metadata[protocol.MetadataLog]; owner != t.owner.String() {
		return fmt.Errorf("the stream belongs to log %q", owner)
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: uint64(t.applied.Load() + 1),
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: tailForgotten,
	})
	if err != nil {
		return err
	}
	defer t.forget(stream, consumer)
	failed := make(chan error, 1)
	deliveries, err := consumer.Consume(func(m jetstream.Msg) { t.deliver(ctx, m) },
		jetstream.PullMaxMessages(tailBuffer), jetstream.PullExpiry(tailExpiry), jetstream.PullHeartbeat(tailHeartbeat),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			select {
			case failed <- err:
			default:
			}
		}))
	if err != nil {
		return err
	}
	defer func() {
		deliveries.Stop()
		<-deliveries.Closed()
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-failed:
		return err
	}
}

// forget spares the server the wait for the consumer's end.
func (t *tail) forget(stream jetstream.Stream, consumer jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := stream.DeleteConsumer(ctx, consumer.CachedInfo().Name)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		t.log.Debug("a consumer is left to the server", "error", err)
	}
}

func (t *tail) deliver(ctx context.Context, m jetstream.Msg) {
	meta, err := m.Metadata()
	if err != nil {
		return // not a message of a stream
	}
	message := tailMessage{
		position: domain.Position(meta.Sequence.Stream), pending: domain.Position(meta.NumPending),
		context: contextOf(m.Subject()), payload: m.Data(),
	}
	select {
	case t.messages <- message:
	case <-ctx.Done():
	}
}

// contextOf is the second token of an event's subject.
func contextOf(subject string) domain.Context {
	_, rest, _ := strings.Cut(subject, ".")
	name, _, _ := strings.Cut(rest, ".")
	return domain.Context(name)
}

// decode returns the event; false when the message is not what it should be.
func (m tailMessage) decode() (protocol.Envelope, bool) {
	e, err := protocol.ReadMessage(m.payload)
	return e, err == nil && e.Position == m.position && e.Context == m.context
}

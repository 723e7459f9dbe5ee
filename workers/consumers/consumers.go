package consumers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/workers/protocol"
	"github.com/opsledger/opsledger/workers/roster"
)

const (
	// checkEvery is how often the stream's consumers are compared with the
	// roster when nothing tells of a change.
	checkEvery = 5 * time.Second
	// checkTimeout bounds one comparison.
	checkTimeout = 30 * time.Second
	// maxAckPending bounds what an agent may have received without a word; it
	// acknowledges far more often.
	maxAckPending = 65536
)

// Config holds what the keeper needs; every field is required but Log.
type Config struct {
	NC     *nats.Conn
	JS     jetstream.JetStream
	Roster *roster.Roster
	// Store confirms that a server is not enrolled before its consumer goes.
	Store *eventstore.Store
	Log   *slog.Logger
}

// Keeper keeps the consumers.
type Keeper struct {
	cfg Config
	// checked are the consumers whose configuration this process has made sure of.
	checked map[int64]bool
}

// New returns a keeper that does nothing before Run.
func New(cfg Config) *Keeper {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{cfg: cfg, checked: map[int64]bool{}}
}

// Run keeps the consumers until ctx ends; then it returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	advisories := make(chan *nats.Msg, 64)
	for _, subject := range []string{
		"$JS.EVENT.ADVISORY.STREAM.CREATED." + eventstore.StreamEvents,
		"$JS.EVENT.ADVISORY.CONSUMER.DELETED." + eventstore.StreamEvents + ".>",
	} {
		sub, err := k.cfg.NC.ChanSubscribe(subject, advisories)
		if err != nil {
			return fmt.Errorf("consumers: listen to JetStream: %w", err)
		}
		defer func() { _ = sub.Unsubscribe() }()
	}
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		_, changed := k.cfg.Roster.Enrolled()
		if err := k.check(ctx); err != nil && ctx.Err() == nil {
			k.cfg.Log.Warn("consumers: will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-changed:
		case <-advisories:
			drain(advisories)
		}
	}
}

// check makes what is missing and removes what is too much.
func (k *Keeper) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	servers, _ := k.cfg.Roster.Enrolled()
	if !k.cfg.Roster.Loaded() {
		return nil
	}
	present, err := k.present(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil // the relay makes it, upon which an advisory comes
	}
	if err != nil {
		return err
	}
	var errs []error
	wanted := make(map[int64]bool, len(servers))
	for _, s := range servers {
		wanted[s.ID] = true
		if !present[s.ID] || !k.checked[s.ID] {
			errs = append(errs, k.ensure(ctx, s.ID))
		}
	}
	for id := range present {
		if !wanted[id] {
			errs = append(errs, k.remove(ctx, id))
		}
	}
	return errors.Join(errs...)
}

// present lists the agents that have a consumer.
func (k *Keeper) present(ctx context.Context) (map[int64]bool, error) {
	stream, err := k.cfg.JS.Stream(ctx, eventstore.StreamEvents)
	if err != nil {
		return nil, fmt.Errorf("look at the stream: %w", err)
	}
	names := stream.ConsumerNames(ctx)
	present := map[int64]bool{}
	for name := range names.Name() {
		if id, ok := agentOf(name); ok {
			present[id] = true
		}
	}
	if err := names.Err(); err != nil {
		return nil, fmt.Errorf("list the consumers: %w", err)
	}
	return present, nil
}

// agentOf is the inverse of [protocol.Consumer].
func agentOf(name string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, "agent-")
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, ok && err == nil && protocol.Consumer(id) == name
}

func (k *Keeper) ensure(ctx context.Context, id int64) error {
	if _, err := k.cfg.JS.CreateOrUpdateConsumer(ctx, eventstore.StreamEvents, consumerOf(id)); err != nil {
		return fmt.Errorf("make the consumer of agent %d: %w", id, err)
	}
	k.checked[id] = true
	k.cfg.Log.Info("consumer is there", "agent", id)
	return nil
}

// consumerOf describes an agent's consumer. It has no start sequence and
// delivers all, since only so may it be reset to any position.
func consumerOf(id int64) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       protocol.Consumer(id),
		Description:   fmt.Sprintf("dns events for the agent of server %d", id),
		FilterSubject: eventstore.SubjectOfContext(domain.ContextDNS),
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckAllPolicy,
		AckWait:       30 * time.Second,
		MaxAckPending: maxAckPending,
	}
}

// remove deletes the consumer of a server that is not enrolled. The roster may
// be older than the consumer, so the log is asked.
func (k *Keeper) remove(ctx context.Context, id int64) error {
	if _, enrolled, err := roster.Enrolment(ctx, k.cfg.Store, id); err != nil || enrolled {
		return err
	}
	delete(k.checked, id)
	err := k.cfg.JS.DeleteConsumer(ctx, eventstore.StreamEvents, protocol.Consumer(id))
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("remove the consumer of agent %d: %w", id, err)
	}
	k.cfg.Log.Info("consumer removed", "agent", id)
	return nil
}

func drain(advisories <-chan *nats.Msg) {
	for len(advisories) > 0 {
		<-advisories
	}
}

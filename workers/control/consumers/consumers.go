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
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/roster"
)

const (
	// checkEvery is how often the stream's consumers are compared with the roster if no
	// event or advisory says that something changed.
	checkEvery = 5 * time.Second
	// checkTimeout bounds one comparison.
	checkTimeout = 30 * time.Second
	// maxAckPending bounds the events that an agent may have received without
	// acknowledging them; it acknowledges far more often.
	maxAckPending = 65536
)

// Config holds what a keeper needs; every field is required but Log.
type Config struct {
	NC *nats.Conn
	JS jetstream.JetStream
	// Store is asked whether an agent is enrolled before its consumer is removed.
	Store *eventstore.Store
	Log   *slog.Logger
}

// agentKind describes the agents of one kind and their consumers.
type agentKind struct {
	// prefix and an agent's id make up the name of its consumer.
	prefix string
	// enrolled lists the agents that are to have a consumer; false says that they are not
	// known yet. The channel closes at the next change.
	enrolled func() ([]int64, <-chan struct{}, bool)
	// confirm asks the log whether an agent is enrolled, since the list may be older than
	// its consumer.
	confirm func(ctx context.Context, store *eventstore.Store, id int64) (domain.Position, bool, error)
	// describe returns the configuration of an agent's consumer.
	describe func(id int64) jetstream.ConsumerConfig
}

// Keeper keeps the consumers of the agents of one kind.
type Keeper struct {
	cfg  Config
	kind agentKind
	// checked are the consumers whose configuration this process has made sure of.
	checked map[int64]bool
}

// New returns a keeper of the consumers of the servers' agents, which does
// nothing before Run.
func New(cfg Config, servers *roster.Servers) *Keeper {
	return newKeeper(cfg, agentKind{
		prefix: "agent-", confirm: roster.Enrolment, describe: serverConsumer,
		enrolled: enrolled(servers, func(s dnsmodel.Server) int64 { return s.ID }),
	})
}

// NewHosts is [New] for the hosts' agents.
func NewHosts(cfg Config, hosts *roster.Hosts) *Keeper {
	return newKeeper(cfg, agentKind{
		prefix: "host-", confirm: roster.HostEnrolment, describe: hostConsumer,
		enrolled: enrolled(hosts, func(m opsmodel.Machine) int64 { return m.ID }),
	})
}

func newKeeper(cfg Config, f agentKind) *Keeper {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{cfg: cfg, kind: f, checked: map[int64]bool{}}
}

// enrolled lists the ids of a roster.
func enrolled[T any](r *roster.Roster[T], key func(T) int64) func() ([]int64, <-chan struct{}, bool) {
	return func() ([]int64, <-chan struct{}, bool) {
		list, changed := r.Enrolled()
		ids := make([]int64, len(list))
		for i, entry := range list {
			ids[i] = key(entry)
		}
		return ids, changed, r.Loaded()
	}
}

// Run keeps the consumers until ctx ends; then it returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	advisories := make(chan *nats.Msg, 64)
	for _, subject := range []string{
		"$JS.EVENT.ADVISORY.STREAM.CREATED." + protocol.StreamEvents,
		"$JS.EVENT.ADVISORY.CONSUMER.DELETED." + protocol.StreamEvents + ".>",
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
		_, changed, _ := k.kind.enrolled()
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

// check makes missing consumers and removes those of agents that are not enrolled.
func (k *Keeper) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	agents, _, known := k.kind.enrolled()
	if !known {
		return nil
	}
	present, err := k.present(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil // when the relay has made the stream, an advisory comes
	}
	if err != nil {
		return err
	}
	var errs []error
	wanted := make(map[int64]bool, len(agents))
	for _, id := range agents {
		wanted[id] = true
		if !present[id] || !k.checked[id] {
			errs = append(errs, k.ensure(ctx, id))
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
	stream, err := k.cfg.JS.Stream(ctx, protocol.StreamEvents)
	if err != nil {
		return nil, fmt.Errorf("look at the stream: %w", err)
	}
	names := stream.ConsumerNames(ctx)
	present := map[int64]bool{}
	for name := range names.Name() {
		if id, ok := k.agentOf(name); ok {
			present[id] = true
		}
	}
	if err := names.Err(); err != nil {
		return nil, fmt.Errorf("list the consumers: %w", err)
	}
	return present, nil
}

// agentOf is the inverse of name.
func (k *Keeper) agentOf(name string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, k.kind.prefix)
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, ok && err == nil && k.name(id) == name
}

func (k *Keeper) name(id int64) string { return k.kind.prefix + strconv.FormatInt(id, 10) }

func (k *Keeper) ensure(ctx context.Context, id int64) error {
	if _, err := k.cfg.JS.CreateOrUpdateConsumer(ctx, protocol.StreamEvents, k.kind.describe(id)); err != nil {
		return fmt.Errorf("make the consumer %s: %w", k.name(id), err)
	}
	k.checked[id] = true
	k.cfg.Log.Info("consumer is there", "name", k.name(id))
	return nil
}

// serverConsumer describes the consumer of a name server's agent. It has no start
// sequence and delivers all events: only such a consumer can be reset to any position.
func serverConsumer(id int64) jetstream.ConsumerConfig {
	c := agentConsumer(protocol.Consumer(id))
	c.Description = fmt.Sprintf("dns events for the agent of server %d", id)
	c.FilterSubject = protocol.SubjectOfContext(domain.ContextDNS)
	return c
}

// hostConsumer describes the consumer of a host. Its state is in memory alone: on disk,
// JetStream would write a file for each event and each acknowledgement. The consumer is
// lost when a single NATS server restarts; the next check makes it again, and the host
// asks for its work whenever it starts to follow events.
func hostConsumer(id int64) jetstream.ConsumerConfig {
	c := agentConsumer(protocol.HostConsumer(id))
	c.MemoryStorage = true
	c.Description = fmt.Sprintf("work for machine %d", id)
	c.FilterSubjects = protocol.HostEventSubjects(id)
	return c
}

// agentConsumer describes what the consumers of all agents have in common. They are pinned
// to one delivery, see package pull.
func agentConsumer(name string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: name, DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckAllPolicy,
		AckWait: 30 * time.Second, MaxAckPending: maxAckPending,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{protocol.PullGroup},
	}
}

// remove deletes the consumer of an agent that is not enrolled. It asks the log first,
// since the roster may be older than the consumer.
func (k *Keeper) remove(ctx context.Context, id int64) error {
	if _, enrolled, err := k.kind.confirm(ctx, k.cfg.Store, id); err != nil || enrolled {
		return err
	}
	delete(k.checked, id)
	err := k.cfg.JS.DeleteConsumer(ctx, protocol.StreamEvents, k.name(id))
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("remove the consumer %s: %w", k.name(id), err)
	}
	k.cfg.Log.Info("consumer removed", "name", k.name(id))
	return nil
}

func drain(advisories <-chan *nats.Msg) {
	for len(advisories) > 0 {
		<-advisories
	}
}

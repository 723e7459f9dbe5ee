package snapshots

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/internal/parallel"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/roster"
	"github.com/opsledger/opsledger/workers/control/signing"
)

// queueGroup makes one process answer each request, which any process could.
const queueGroup = "snapshots"

// maxHandlers bounds how many requests are worked on at the same time. Requests for
// chunks, which are in memory, are answered at once and do not count.
const maxHandlers = 16

// ofAgent is what one agent's requests may cost. A snapshot has a chunk for each 160 KiB; an
// agent asks for one snapshot at a time, and for a new one when that has failed.
var ofAgent = allowance.Limits{PerSecond: 256, Burst: 4096}

const (
	// costOfChunk and costOfRequest are what a request for a chunk, and any other, costs.
	costOfChunk, costOfRequest = 1, 64
	// maxWaiting and maxWaitingBytes bound the requests that wait.
	maxWaiting, maxWaitingBytes = 16_384, 16 << 20
)

// admitTimeout bounds the reading of the log about an agent that the roster does not have.
const admitTimeout = 5 * time.Second

// Config holds what the service needs; every field is required but Log and Registerer.
type Config struct {
	NC         *nats.Conn
	Store      *eventstore.Store
	Reader     *dnsmodel.Reader
	Progress   *projections.Progress
	Roster     *roster.Servers
	Vault      *vault.Vault
	Signer     *signing.Signer
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Service answers agents.
type Service struct {
	cfg      Config
	instance string
	cache    *cache
	transfer *transferKeys
	metrics  *metrics
	handlers *parallel.Handlers
	senders  *allowance.Allowances
}

// New returns a service that does nothing before Run.
func New(cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		cfg: cfg, instance: nuid.Next(), cache: newCache(), transfer: &transferKeys{agents: map[int64]bool{}},
		metrics: newMetrics(cfg.Registerer), handlers: parallel.New(maxHandlers),
		senders: allowance.New(ofAgent, "snapshots", cfg.Log),
	}
}

// Run answers until ctx ends; then it returns nil once nothing is being answered.
func (s *Service) Run(ctx context.Context) error {
	defer s.handlers.Close()
	for _, o := range []struct {
		subject string
		queue   string
		cost    int
		handle  nats.MsgHandler
	}{
		{protocol.SubjectSnapshotOpens, queueGroup, costOfRequest, s.inBackground(ctx, s.open)},
		{protocol.SubjectAllSecrets, queueGroup, costOfRequest, s.inBackground(ctx, s.secrets)},
		{protocol.SubjectSnapshotChunks(s.instance), s.instance, costOfChunk, s.guarded(ctx, s.chunk)},
	} {
		sub, err := s.cfg.NC.QueueSubscribe(o.subject, o.queue, s.bounded(o.cost, o.handle))
		if err != nil {
			return fmt.Errorf("snapshots: serve %s: %w", o.subject, err)
		}
		defer func() { _ = sub.Unsubscribe() }()
		if err := sub.SetPendingLimits(maxWaiting, maxWaitingBytes); err != nil {
			return fmt.Errorf("snapshots: serve %s: %w", o.subject, err)
		}
	}
	tick := time.NewTicker(keepFor / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.cache.expire()
		}
	}
}

// handler answers one message of an agent.
type handler func(agent int64, m *nats.Msg) error

// guarded lets only requests of enrolled agents for themselves through.
func (s *Service) guarded(ctx context.Context, h handler) nats.MsgHandler {
	return func(m *nats.Msg) {
		agent, err := s.admit(ctx, m)
		if err == nil {
			err = h(agent, m)
		}
		if err != nil && ctx.Err() == nil {
			s.senders.Complain(agent, fmt.Errorf("%s: %w", m.Subject, err))
		}
	}
}

// bounded lets an agent's requests through as far as its allowance goes, before anything in
// them is read.
func (s *Service) bounded(cost int, next nats.MsgHandler) nats.MsgHandler {
	return func(m *nats.Msg) {
		if agent, ok := protocol.AgentOf(m.Subject); ok && len(m.Data) <= protocol.MaxHeartbeat && s.senders.Take(agent, cost) {
			next(m)
		}
	}
}

// inBackground is guarded for requests that take time.
func (s *Service) inBackground(ctx context.Context, h func(context.Context, int64, *nats.Msg) error) nats.MsgHandler {
	return s.handlers.Each(ctx, s.guarded(ctx, func(agent int64, m *nats.Msg) error { return h(ctx, agent, m) }))
}

// admit returns the agent that sent a message. The NATS server lets an agent use
// subjects with its own id only.
func (s *Service) admit(ctx context.Context, m *nats.Msg) (int64, error) {
	agent, ok := protocol.AgentOf(m.Subject)
	switch {
	case !ok:
		return 0, errors.New("the subject names no agent")
	case !protocol.InboxOf(agent, m.Reply):
		return 0, fmt.Errorf("the answer to agent %d would not go to its own inbox", agent)
	case s.cfg.Roster.Has(agent):
		return agent, nil
	}
	return agent, s.enrolled(ctx, agent)
}

// enrolled reads from the log whether the agent is enrolled: the roster may not have been
// read since the enrolment, and an agent without an answer would wait for long.
func (s *Service) enrolled(ctx context.Context, agent int64) error {
	ctx, cancel := context.WithTimeout(ctx, admitTimeout)
	defer cancel()
	_, enrolled, err := roster.Enrolment(ctx, s.cfg.Store, agent)
	if err == nil && !enrolled {
		err = fmt.Errorf("agent %d is not enrolled", agent)
	}
	return err
}

package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/internal/parallel"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/roster"
	"github.com/opsledger/opsledger/workers/control/signing"
)

const (
	// queueGroup makes one process answer each question, which any process could.
	queueGroup = "sessions"
	// maxHandlers bounds how many questions are worked on at the same time, maxWaiting and
	// maxWaitingBytes those that wait for that.
	maxHandlers                 = 32
	maxWaiting, maxWaitingBytes = 16_384, 16 << 20
	// answerWithin bounds the work on one question; the agent asks again.
	answerWithin = 5 * time.Second
	// costOfQuestion is what a question costs beside its bytes.
	costOfQuestion = 4 << 10
)

// ofAgent is what one identity's questions may cost, in bytes. Each of its processes asks
// once in [protocol.SessionEvery], and a few times at its start.
var ofAgent = allowance.Limits{PerSecond: 32 << 10, Burst: 256 << 10, InWork: 4}

// Config holds what sessions need; every field is required but Log.
type Config struct {
	NC     *nats.Conn
	Pool   *pgxpool.Pool
	Store  *eventstore.Store
	Signer *signing.Signer
	// Enrolled says from memory whether an agent is enrolled; what it denies is read from the log.
	Enrolled func(agent int64) bool
	Log      *slog.Logger
}

// Sessions answers for the agents of one kind. Live may be called after New.
type Sessions struct {
	cfg      Config
	kind     kind
	store    store
	senders  *allowance.Allowances
	handlers *parallel.Handlers
	// hearing is the time since which this process hears all questions, in nanoseconds.
	hearing atomic.Int64
}

// kind is what differs between the kinds of agents.
type kind struct {
	name, subjects string
	inbox          func(agent int64, reply string) bool
	enrolment      func(context.Context, *eventstore.Store, int64) (domain.Position, bool, error)
	// deleted says whether the one that the agent was for was deleted; nil where agents are not told.
	deleted func(context.Context, *eventstore.Store, int64) (bool, error)
}

// OfServers returns the sessions of name servers' agents.
func OfServers(cfg Config) *Sessions {
	return open(cfg, kind{"server", protocol.SubjectSessions, protocol.InboxOf, roster.Enrolment, roster.Deleted})
}

// OfHosts returns the sessions of hosts.
func OfHosts(cfg Config) *Sessions {
	return open(cfg, kind{"host", protocol.SubjectHostSessions, protocol.HostInboxOf, roster.HostEnrolment, nil})
}

func open(cfg Config, k kind) *Sessions {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sessions{
		cfg: cfg, kind: k, store: store{cfg.Pool, k.name}, senders: allowance.New(ofAgent, "sessions", cfg.Log), handlers: parallel.New(maxHandlers),
	}
	s.hearing.Store(time.Now().UnixNano())
	return s
}

// Live returns the processes that asked lately, by agent, the one with the session first.
func (s *Sessions) Live(ctx context.Context) (map[int64][]Process, error) {
	all, err := s.store.live(ctx)
	if err != nil {
		return nil, fmt.Errorf("sessions of agents: %w", err)
	}
	return all, nil
}

// Run answers until ctx ends; then it returns nil once nothing is being answered.
func (s *Sessions) Run(ctx context.Context) error {
	defer s.handlers.Close()
	answer := s.handlers.Each(ctx, func(m *nats.Msg) { s.answer(ctx, m) })
	sub, err := s.cfg.NC.QueueSubscribe(s.kind.subjects, queueGroup, s.admit(answer))
	if err != nil {
		return fmt.Errorf("sessions: serve %s: %w", s.kind.subjects, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(maxWaiting, maxWaitingBytes); err != nil {
		return fmt.Errorf("sessions: serve %s: %w", s.kind.subjects, err)
	}
	connected := s.cfg.NC.StatusChanged(nats.CONNECTED)
	defer s.cfg.NC.RemoveStatusListener(connected)
	s.hearing.Store(time.Now().UnixNano())
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-connected:
			s.hearing.Store(time.Now().UnixNano())
		}
	}
}

var errForeignInbox = errors.New("the answer would not go to the agent's own inbox")

// admit lets questions through that may be answered, before anything in them is read.
func (s *Sessions) admit(next nats.MsgHandler) nats.MsgHandler {
	return func(m *nats.Msg) {
		agent, ok := protocol.AgentOf(m.Subject)
		switch {
		case !ok:
		case !s.kind.inbox(agent, m.Reply):
			s.senders.Complain(agent, errForeignInbox)
		case s.senders.Begin(agent, costOfQuestion+len(m.Data)):
			next(m)
		}
	}
}

func (s *Sessions) answer(ctx context.Context, m *nats.Msg) {
	agent, _ := protocol.AgentOf(m.Subject)
	defer s.senders.End(agent)
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer := s.decide(ctx, agent, m.Data)
	answer.Log = s.cfg.Store.LogID()
	data, err := json.Marshal(answer)
	if err == nil {
		err = s.cfg.Signer.Respond(ctx, agent, protocol.ForSession, m, data)
	}
	if err != nil && ctx.Err() == nil {
		s.cfg.Log.Warn("sessions: no answer", "subject", m.Subject, "error", err)
	}
}

func (s *Sessions) decide(ctx context.Context, agent int64, data []byte) protocol.SessionAnswer {
	asked, err := protocol.ReadSessionRequest(data)
	switch {
	case err != nil:
		s.senders.Complain(agent, err)
		return protocol.SessionAnswer{Error: "not a question for a session: " + err.Error()}
	case asked.Log != uuid.Nil && asked.Log != s.cfg.Store.LogID():
		return protocol.SessionAnswer{Error: "the credentials are of another log"}
	}
	answer, err := s.give(ctx, agent, asked)
	if err != nil {
		if ctx.Err() == nil {
			s.cfg.Log.Warn("sessions: cannot decide now", "kind", s.kind.name, "agent", agent, "error", err)
		}
		return protocol.SessionAnswer{Error: "who has the session cannot be said now"}
	}
	return answer
}

// refuse is the answer to an agent that is not enrolled: whether its server was deleted, which
// only the log's own word says. An agent that was withdrawn, or that this log never knew, is told
// nothing by which it would stop named.
func (s *Sessions) refuse(ctx context.Context, agent int64) (protocol.SessionAnswer, error) {
	answer := protocol.SessionAnswer{Error: "the agent is not enrolled"}
	if s.kind.deleted == nil {
		return answer, nil
	}
	deleted, err := s.kind.deleted(ctx, s.cfg.Store, agent)
	if deleted {
		answer = protocol.SessionAnswer{Error: "the " + s.kind.name + " was deleted", Deleted: true}
	}
	return answer, err
}

func (s *Sessions) give(ctx context.Context, agent int64, asked protocol.SessionRequest) (protocol.SessionAnswer, error) {
	if asked.Ending {
		return protocol.SessionAnswer{}, s.store.end(ctx, agent, asked.Boot)
	}
	if s.cfg.Enrolled(agent) {
		if has, err := s.store.renew(ctx, agent, asked.Boot, asked.Address); err != nil || has {
			return protocol.SessionAnswer{Granted: has}, err
		}
	}
	enrolment, enrolled, err := s.kind.enrolment(ctx, s.cfg.Store, agent)
	if err != nil {
		return protocol.SessionAnswer{}, err
	}
	if !enrolled {
		return s.refuse(ctx, agent)
	}
	hears := time.Since(time.Unix(0, s.hearing.Load()))
	granted, holder, err := s.store.ask(ctx, agent, Process{
		Boot: asked.Boot, Instance: asked.Instance, Enrolment: enrolment, Host: asked.Host, Address: asked.Address, Started: asked.Started,
	}, hears)
	answer := protocol.SessionAnswer{Granted: granted}
	if holder != nil {
		answer.Holder = &protocol.SessionHolder{Address: holder.Address, Host: holder.Host, Started: holder.Started}
	}
	return answer, err
}

package drift

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/internal/parallel"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/roster"
	"github.com/opsledger/opsledger/workers/control/signing"
)

const (
	// queueGroup makes one process answer each finding, which any process could.
	queueGroup = "drift"
	// maxHandlers bounds how many findings are worked on at the same time.
	maxHandlers = 16
	// answerWithin bounds the work on one; the agent waits a little longer.
	answerWithin = 5 * time.Second
	// costOfFinding is what each one costs its agent beside its bytes.
	costOfFinding = 4 << 10
	// maxWaiting and maxWaitingBytes bound the findings that wait.
	maxWaiting, maxWaitingBytes = 4096, 16 << 20
)

// ofAgent is what one agent's findings may cost, in bytes. It tells of some 100 zones in a minute.
var ofAgent = allowance.Limits{PerSecond: 64 << 10, Burst: 8 * protocol.MaxAgentMessage}

// Config holds what the service needs; every field is required but Log and Registerer.
type Config struct {
	NC         *nats.Conn
	Store      *eventstore.Store
	Reader     *dnsmodel.Reader
	Progress   *projections.Progress
	Roster     *roster.Servers
	Signer     *signing.Signer
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Service hears agents.
type Service struct {
	cfg      Config
	handlers *parallel.Handlers
	senders  *allowance.Allowances
	found    *prometheus.CounterVec
}

// New returns a service that does nothing before Run.
func New(cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, handlers: parallel.New(maxHandlers), senders: allowance.New(ofAgent, "drift", cfg.Log)}
	s.found = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "opsledger_drift_found_total", Help: "Findings of drift that this process has noted in the log.",
	}, []string{"server"})
	if cfg.Registerer != nil {
		cfg.Registerer.MustRegister(s.found)
	}
	return s
}

// Run hears findings until ctx ends; then it returns nil once nothing is being answered.
func (s *Service) Run(ctx context.Context) error {
	defer s.handlers.Close()
	answer := s.handlers.Each(ctx, func(m *nats.Msg) { s.answer(ctx, m) })
	sub, err := s.cfg.NC.QueueSubscribe(protocol.SubjectAllDrift, queueGroup, s.admit(answer))
	if err != nil {
		return fmt.Errorf("drift: listen: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(maxWaiting, maxWaitingBytes); err != nil {
		return fmt.Errorf("drift: listen: %w", err)
	}
	s.keepSeries(ctx)
	return nil
}

// keepSeries keeps a series for each server with an agent, from before its first finding on: of one that
// comes with it nobody sees that it grew.
func (s *Service) keepSeries(ctx context.Context) {
	before := map[string]bool{}
	for {
		servers, changed := s.cfg.Roster.Enrolled()
		now := map[string]bool{}
		for _, server := range servers {
			now[server.Host] = true
			s.found.WithLabelValues(server.Host)
		}
		for host := range before {
			if !now[host] {
				s.found.DeleteLabelValues(host)
			}
		}
		before = now
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// admit lets through what enrolled agents say of themselves, as far as their allowance goes, before
// anything in it is read.
func (s *Service) admit(next nats.MsgHandler) nats.MsgHandler {
	return func(m *nats.Msg) {
		agent, ok := protocol.AgentOf(m.Subject)
		if ok && s.cfg.Roster.Has(agent) && protocol.InboxOf(agent, m.Reply) && s.senders.Take(agent, costOfFinding+len(m.Data)) {
			next(m)
		}
	}
}

func (s *Service) answer(ctx context.Context, m *nats.Msg) {
	agent, _ := protocol.AgentOf(m.Subject)
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	data, err := json.Marshal(s.verdict(ctx, agent, m.Data))
	if err == nil {
		err = s.cfg.Signer.Respond(ctx, agent, protocol.ForDrift, m, data)
	}
	if err != nil && ctx.Err() == nil {
		s.cfg.Log.Warn("drift: no answer", "agent", agent, "error", err)
	}
}

// verdict says what became of a finding.
func (s *Service) verdict(ctx context.Context, agent int64, data []byte) protocol.DriftVerdict {
	f, err := protocol.ReadDriftFinding(data)
	if err != nil {
		s.senders.Complain(agent, err)
		return protocol.DriftVerdict{Error: "this is no finding"}
	}
	v, err := (&finding{s, agent, f}).note(ctx)
	if err != nil {
		s.cfg.Log.Warn("drift: cannot note what an agent has found", "agent", agent, "zone", f.Zone, "what", f.What, "error", err)
		return protocol.DriftVerdict{Error: "the finding cannot be noted now"}
	}
	return v
}

package hostdesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/internal/parallel"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/offers"
	"github.com/opsledger/opsledger/workers/control/signing"
)

const (
	// queueGroup makes one process answer each request, which any process could.
	queueGroup = "hostdesk"
	// maxHandlers bounds how many messages are worked on at the same time. Their
	// commands wait for each other's commit, so many at once cost little.
	maxHandlers = 256
	// maxWaiting and maxWaitingBytes bound the messages that wait for that.
	maxWaiting, maxWaitingBytes = 16_384, 16 << 20
	// answerWithin bounds the work on one message; the host asks again later.
	answerWithin = 10 * time.Second
	// catchUpWithin bounds the wait for the read model; the events after its position
	// bring the host what the read model lacks.
	catchUpWithin = 2 * time.Second
	// maxWork bounds the attempts in one answer, in bytes of clients' texts plus
	// itemOverhead for each attempt. As JSON a text may become six times as long, and
	// NATS carries a million bytes.
	maxWork      = 160 << 10
	itemOverhead = 512
)

// Config holds what the desk needs; every field is required but Log.
type Config struct {
	NC       *nats.Conn
	Store    *eventstore.Store
	Reader   *opsmodel.Reader
	Progress *projections.Progress
	Signer   *signing.Signer
	Offers   *offers.Store
	Log      *slog.Logger
}

// Desk answers hosts.
type Desk struct {
	cfg      Config
	handlers *parallel.Handlers
	hosts    *allowance.Allowances
}

// New returns a desk that does nothing before Run.
func New(cfg Config) *Desk {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{cfg: cfg, handlers: parallel.New(maxHandlers), hosts: allowance.New(ofHost, "hostdesk", cfg.Log)}
}

// Run answers until ctx ends; then it returns nil once nothing is being answered.
func (d *Desk) Run(ctx context.Context) error {
	defer d.handlers.Close()
	for subject, desk := range map[string]struct {
		purpose protocol.Purpose
		handle  handler
	}{
		protocol.SubjectHostWorks:   {protocol.ForWork, d.work},
		protocol.SubjectHostReports: {protocol.ForReceipt, d.report},

		protocol.SubjectAllHostOffers: {protocol.ForOffers, d.offers},
	} {
		answer := d.handlers.Each(ctx, func(m *nats.Msg) { d.answer(ctx, m, desk.purpose, desk.handle) })
		sub, err := d.cfg.NC.QueueSubscribe(subject, queueGroup, d.admit(answer))
		if err != nil {
			return fmt.Errorf("hostdesk: serve %s: %w", subject, err)
		}
		defer func() { _ = sub.Unsubscribe() }()
		if err := sub.SetPendingLimits(maxWaiting, maxWaitingBytes); err != nil {
			return fmt.Errorf("hostdesk: serve %s: %w", subject, err)
		}
	}
	<-ctx.Done()
	return nil
}

// handler returns the answer to a host's message.
type handler func(ctx context.Context, host int64, data []byte) any

// answer answers a message that admit let through.
func (d *Desk) answer(ctx context.Context, m *nats.Msg, p protocol.Purpose, h handler) {
	host, _ := protocol.AgentOf(m.Subject)
	defer d.hosts.End(host)
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	data, err := json.Marshal(h(ctx, host, m.Data))
	if err == nil {
		err = d.cfg.Signer.Respond(ctx, host, p, m, data)
	}
	if err != nil && ctx.Err() == nil {
		d.cfg.Log.Warn("hostdesk: no answer", "subject", m.Subject, "error", err)
	}
}

// work answers with all that the host is to do, or with as much as fits into one
// message. It waits until the read model has the events that were in the log when the
// host asked, so that the answer has what the
// host was told to ask for.
func (d *Desk) work(ctx context.Context, host int64, data []byte) any {
	var asked protocol.HostWorkRequest
	if protocol.ReadRequest(data, &asked) != nil {
		return protocol.HostWork{Log: d.cfg.Store.LogID(), Error: "not a request for work"}
	}
	if len(asked.Only) > 0 {
		return d.named(ctx, host, asked.Only[:min(len(asked.Only), protocol.MaxNamed)])
	}
	work, err := d.currentWork(ctx, host)
	if err != nil {
		d.cfg.Log.Warn("hostdesk: cannot tell a host its work", "host", host, "error", err)
		return protocol.HostWork{Log: d.cfg.Store.LogID(), Error: "the work cannot be read now"}
	}
	answer := protocol.HostWork{Log: d.cfg.Store.LogID(), Position: work.Position}
	room := maxWork
	for _, t := range work.Open {
		if t.Attempt.Number <= asked.After {
			continue
		}
		if room -= len(t.Order.Content) + itemOverhead; room < 0 && len(answer.Attempts) > 0 {
			answer.More = true
			break
		}
		answer.Attempts = append(answer.Attempts, protocol.NewWorkItem(t.Name, t.Task))
	}
	if asked.After > 0 {
		return answer
	}
	for _, a := range work.Accounts {
		answer.Accounts = append(answer.Accounts, ops.AccountKeysSet{Machine: host, Account: a.Account, Keys: a.Keys})
	}
	if answer.Cancelled, err = d.cancelled(ctx, host, asked.Running, work.Open); err != nil {
		d.cfg.Log.Warn("hostdesk: cannot tell a host its work", "host", host, "error", err)
		return protocol.HostWork{Log: d.cfg.Store.LogID(), Error: "the work cannot be read now"}
	}
	return answer
}

// cancelled lists those of the attempts which the host says are running there that are
// not open any more, since somebody cancelled them before their begin was in the log.
func (d *Desk) cancelled(
	ctx context.Context, host int64, running []protocol.AttemptName, open []opsmodel.Task,
) ([]protocol.AttemptName, error) {
	var list []protocol.AttemptName
	for _, r := range running[:min(len(running), protocol.MaxNamed)] {
		if slices.ContainsFunc(open, func(t opsmodel.Task) bool { return t.Attempt.Number == r.Attempt }) {
			continue
		}
		t, err := d.cfg.Reader.Task(ctx, r.Task)
		switch {
		case errors.Is(err, query.ErrNotFound):
		case err != nil:
			return nil, err
		case t.Machine == host && t.Attempt.Number == r.Attempt && t.Attempt.Cancelling && t.Attempt.Presumed:
			list = append(list, r)
		}
	}
	return list, nil
}

// named answers with those of some attempts that are open, from the log itself: a host
// that has just heard of an attempt does not wait for the read model.
func (d *Desk) named(ctx context.Context, host int64, names []protocol.AttemptName) protocol.HostWork {
	answer := protocol.HostWork{Log: d.cfg.Store.LogID()}
	folds, tasks := make([]domain.Fold, len(names)), make([]*ops.Task, len(names))
	for i, name := range names {
		folds[i], tasks[i] = ops.FoldTask(name.Task)
	}
	var err error
	if answer.Position, err = d.cfg.Store.Load(ctx, folds...); err != nil {
		d.cfg.Log.Warn("hostdesk: cannot tell a host some attempts", "host", host, "error", err)
		answer.Error = "the work cannot be read now"
		return answer
	}
	room := maxWork
	for i, t := range tasks {
		if !t.Exists || t.Machine != host || !t.State.Open() || t.Attempt.Number != names[i].Attempt {
			continue
		}
		if room -= len(t.Order.Content) + itemOverhead; room < 0 && len(answer.Attempts) > 0 {
			answer.More = true
			break
		}
		answer.Attempts = append(answer.Attempts, protocol.NewWorkItem(names[i].Task, *t))
	}
	return answer
}

func (d *Desk) currentWork(ctx context.Context, host int64) (opsmodel.Work, error) {
	head, err := d.cfg.Store.Head(ctx)
	if err != nil {
		return opsmodel.Work{}, err
	}
	d.catchUp(ctx, head.Last[domain.ContextOps])
	return d.cfg.Reader.Work(ctx, host)
}

func (d *Desk) catchUp(ctx context.Context, position domain.Position) {
	ctx, cancel := context.WithTimeout(ctx, catchUpWithin)
	defer cancel()
	if err := d.cfg.Progress.Wait(ctx, domain.ContextOps, position); err != nil {
		d.cfg.Log.Debug("hostdesk: the read model lags", "position", position, "error", err)
	}
}

package nameserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/parallel"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// checkTimeout bounds one check of a configuration.
	checkTimeout = 10 * time.Second
	// checksAtOnce is how many are checked at the same time.
	checksAtOnce = 2
)

// serve answers the control plane until stop is called, which waits for what runs.
func (a *Agent) serve(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	checks := parallel.New(checksAtOnce)
	end := func() {
		cancel()
		checks.Close()
	}
	// Those that find it busy have other ways.
	check, err := a.cfg.NC.Subscribe(protocol.SubjectCheckConf(a.cfg.ID), checks.Some(func(m *nats.Msg) { a.checkConf(ctx, m) }))
	if err != nil {
		end()
		return nil, fmt.Errorf("serve configuration checks: %w", err)
	}
	wishes, err := a.cfg.NC.Subscribe(protocol.SubjectReportNow, a.asked)
	if err != nil {
		err = errors.Join(err, check.Unsubscribe())
		end()
		return nil, fmt.Errorf("listen for wishes to report: %w", err)
	}
	return func() {
		_, _ = check.Unsubscribe(), wishes.Unsubscribe()
		end()
	}, nil
}

// genuine tells a request of the control plane from an answer of the server that
// another agent had sent here: who answers events or pull requests does not ask
// to be answered in an inbox.
func genuine(m *nats.Msg) bool {
	return strings.HasPrefix(m.Reply, "_R_.") || strings.HasPrefix(m.Reply, nats.InboxPrefix)
}

// asked takes a wish for a report and the beacon that may come with it.
func (a *Agent) asked(m *nats.Msg) {
	var b protocol.Beacon
	if len(m.Data) > 0 && json.Unmarshal(m.Data, &b) == nil {
		a.beacon.Store(&b)
		signal(a.beaconCame)
	}
	signal(a.reportNow)
}

// checkConf answers one check. Nothing is answered when the check itself could
// not be made, so that silence never reads as consent.
func (a *Agent) checkConf(ctx context.Context, m *nats.Msg) {
	var request protocol.CheckConfRequest
	if err := json.Unmarshal(m.Data, &request); err != nil {
		a.cfg.Log.Warn("dropped a configuration check", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var reply protocol.CheckConfReply
	err := a.cfg.Engine.CheckConf(ctx, request.Text)
	var refusal *domain.Error
	switch {
	case errors.As(err, &refusal):
		reply.Error = refusal.Message
	case err != nil:
		a.cfg.Log.Warn("cannot check a configuration", "error", err)
		return
	}
	payload, err := json.Marshal(reply)
	if err == nil {
		err = m.Respond(payload)
	}
	if err != nil {
		a.cfg.Log.Warn("cannot answer a configuration check", "error", err)
	}
}

package nameserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// answerRequests answers the control plane's requests until stop is called, which waits
// for the requests under way.
func (f *Follower) answerRequests(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	checks := parallel.New(checksAtOnce)
	end := func() {
		cancel()
		checks.Close()
	}
	// A request that comes while all checks are busy is dropped: the control plane then
	// asks another agent or checks itself. What is none of its requests keeps no check busy.
	some := checks.Some(func(m *nats.Msg) { f.checkConf(ctx, m) })
	check, err := f.cfg.NC.Subscribe(protocol.SubjectCheckConf(f.cfg.ID), func(m *nats.Msg) {
		if err := f.asker().Told(protocol.ForCheck, m); err != nil {
			f.cfg.Log.Warn("dropped a configuration check", "error", err)
			return
		}
		if !f.cfg.Session.Held() {
			return // it is for the process that has the session
		}
		some(m)
	})
	if err != nil {
		end()
		return nil, fmt.Errorf("serve configuration checks: %w", err)
	}
	requests, err := f.cfg.NC.Subscribe(protocol.SubjectReportNow, f.takeAnnouncement)
	if err != nil {
		err = errors.Join(err, check.Unsubscribe())
		end()
		return nil, fmt.Errorf("listen for requests to report: %w", err)
	}
	return func() {
		_, _ = check.Unsubscribe(), requests.Unsubscribe()
		end()
	}, nil
}

// maxVerdict bounds what named-checkconf says, in bytes. As JSON it may become six times as
// long.
const maxVerdict = 16 << 10

// takeAnnouncement takes a request for a report and the announcement that may come with
// it.
func (f *Follower) takeAnnouncement(m *nats.Msg) {
	var b protocol.HeadAnnouncement
	if len(m.Data) > 0 && json.Unmarshal(m.Data, &b) == nil {
		f.head.Store(&b)
		signal(f.headCame)
	}
	signal(f.reportNow)
}

// checkConf answers one check that the control plane has asked for. It does not answer if the configuration could not be
// checked, and no answer never counts as consent.
func (f *Follower) checkConf(ctx context.Context, m *nats.Msg) {
	var request protocol.CheckConfRequest
	if err := json.Unmarshal(m.Data, &request); err != nil {
		f.cfg.Log.Warn("dropped a configuration check", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var reply protocol.CheckConfReply
	err := f.cfg.Engine.CheckConf(ctx, request.Text)
	var refusal *domain.Error
	switch {
	case errors.As(err, &refusal):
		reply.Error = protocol.Cut(refusal.Text.String(), maxVerdict)
	case err != nil:
		f.cfg.Log.Warn("cannot check a configuration", "error", err)
		return
	}
	payload, err := json.Marshal(reply)
	if err == nil {
		err = m.Respond(payload)
	}
	if err != nil {
		f.cfg.Log.Warn("cannot answer a configuration check", "error", err)
	}
}

package busauth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// checkEvery is how often the log is read if no event says that an enrolment ended.
	checkEvery = 2 * time.Second
	// checkWithin bounds one check.
	checkWithin = 5 * time.Second
)

// Push gives the servers of the bus a new version of an account.
type Push func(ctx context.Context, account, token string) error

// Keep pushes new revocations to the servers until ctx ends; then it returns nil. nc is
// the control plane's connection, on which events say early that an enrolment ended.
func (a *Authority) Keep(ctx context.Context, nc *nats.Conn, push Push) error {
	hints := make(chan *nats.Msg, 16)
	for _, subject := range withdrawals() {
		sub, err := nc.ChanSubscribe(subject, hints)
		if err != nil {
			return fmt.Errorf("busauth: follow withdrawals: %w", err)
		}
		defer func() { _ = sub.Unsubscribe() }()
	}
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	var pushed []string
	first := true
	for {
		if revoked, err := a.pushNews(ctx, push, pushed, first); err == nil {
			pushed, first = revoked, false
		} else if ctx.Err() == nil {
			a.cfg.Log.Warn("busauth: revocations are not up to date, will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-hints:
		}
	}
}

// pushNews pushes the account of the agents if the revoked keys are others than before, or
// always, with that of the control plane.
func (a *Authority) pushNews(ctx context.Context, push Push, before []string, always bool) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	revoked, err := a.revoked(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(revoked)
	if !always && slices.Equal(revoked, before) {
		return revoked, nil
	}
	if always { // an outside bus may have been configured by an earlier version, with fewer services
		token, err := a.keys.controlJWT()
		if err != nil {
			return nil, err
		}
		if err := push(ctx, public(a.keys.control()), token); err != nil {
			return nil, err
		}
	}
	token, err := a.keys.agentsJWT(revoked)
	if err != nil {
		return nil, err
	}
	return revoked, push(ctx, public(a.keys.agents()), token)
}

// withdrawals are the subjects of the events that end an enrolment.
func withdrawals() []string {
	subject := func(c domain.Context, e domain.Event) string {
		return fmt.Sprintf("%s.%s.*.%s", protocol.SubjectEvents, c, e.EventType())
	}
	return []string{
		subject(domain.ContextDNS, dns.ServerWithdrawn{}), subject(domain.ContextDNS, dns.ServerDeleted{}),
		subject(domain.ContextOps, ops.HostWithdrawn{}), subject(domain.ContextOps, ops.MachineDeleted{}),
	}
}

// subjectUpdate is where the servers of a cluster take new versions of accounts.
const subjectUpdate = "$SYS.REQ.CLAIMS.UPDATE"

// PushTo returns a Push to an outside cluster, which must be configured as `opsledger
// nats-config` says, and a function that closes its connection.
func (a *Authority) PushTo(url string, options ...nats.Option) (Push, func(), error) {
	nc, err := nats.Connect(url, append(options, a.asSystem())...)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the servers of the bus: %w", err)
	}
	push := func(ctx context.Context, _, token string) error {
		reply, err := nc.RequestWithContext(ctx, subjectUpdate, []byte(token))
		if err != nil {
			return fmt.Errorf("update the account of the agents: %w", err)
		}
		var answer struct {
			Error *struct {
				Description string `json:"description"`
			} `json:"error"`
		}
		if err := json.Unmarshal(reply.Data, &answer); err != nil {
			return fmt.Errorf("update the account of the agents: %w", err)
		}
		if answer.Error != nil {
			return fmt.Errorf("update the account of the agents: %s", answer.Error.Description)
		}
		return nil
	}
	return push, nc.Close, nil
}

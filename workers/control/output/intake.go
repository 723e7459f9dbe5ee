package output

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/internal/parallel"
	"github.com/opsledger/opsledger/protocol"
)

// ofHost is what one host may send, in bytes. A host sends one message at a time.
var ofHost = allowance.Limits{PerSecond: 4 << 20, Burst: 32 << 20, InWork: 4}

const (
	// costOfMessage is what every message costs beside its bytes, and costOfUnknown what one
	// costs that is about an attempt which has to be looked up.
	costOfMessage = 1 << 10
	costOfUnknown = 32 << 10
	// queueGroup makes one process store each message, which any process could.
	queueGroup = "output"
	// maxHandlers bounds the messages in work, maxWaiting and maxWaitingBytes those that wait.
	maxHandlers                 = 64
	maxWaiting, maxWaitingBytes = 16_384, 16 << 20
	// storeWithin bounds the work on one message; the host sends it again.
	storeWithin = 10 * time.Second
	// maxOwned bounds the attempts whose owners are remembered.
	maxOwned = 10_000
)

var (
	errNoAttempt    = errors.New("the subject names no attempt")
	errForeignInbox = errors.New("the answer would not go to the host's own inbox")
	// errForeign refuses lines for good.
	errForeign = errors.New("the attempt is not one of this host's")
)

// intake takes the lines that hosts send.
//
// Invariants:
//  1. Lines are stored under attempts alone that the log has accepted for the machine which
//     sends them.
//  2. What a host sends is bounded before it is read, and costs no other host anything.
//  3. A host's receipt comes when the stream has its lines.
type intake struct {
	store    *Store
	hosts    *allowance.Allowances
	handlers *parallel.Handlers
	shares   *shares

	mu sync.Mutex
	// owned are attempts that are the host's.
	owned map[ownedAttempt]bool
}

type ownedAttempt struct {
	host    int64
	task    string
	attempt domain.Position
}

func newIntake(s *Store) *intake {
	return &intake{
		store: s, hosts: allowance.New(ofHost, "output", s.cfg.Log), handlers: parallel.New(maxHandlers),
		shares: newShares(s), owned: map[ownedAttempt]bool{},
	}
}

// begin takes lines until stop has returned.
func (i *intake) begin(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	sub, err := i.store.cfg.NC.QueueSubscribe(protocol.SubjectAllHostLines, queueGroup,
		i.admit(i.handlers.Each(ctx, func(m *nats.Msg) { i.answer(ctx, m) })))
	if err == nil {
		err = sub.SetPendingLimits(maxWaiting, maxWaitingBytes)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return func() {
		_ = sub.Unsubscribe()
		cancel()
		i.handlers.Close()
	}, nil
}

// admit lets messages through that a host may send now.
func (i *intake) admit(next nats.MsgHandler) nats.MsgHandler {
	return func(m *nats.Msg) {
		host, _, _, ok := protocol.HostLinesOf(m.Subject)
		switch {
		case !ok:
			host, _ = protocol.AgentOf(m.Subject)
			i.hosts.Complain(host, errNoAttempt)
		case !protocol.HostInboxOf(host, m.Reply):
			i.hosts.Complain(host, errForeignInbox)
		case i.hosts.Begin(host, costOfMessage+len(m.Data)):
			next(m)
		}
	}
}

// answer stores the lines of a message that admit let through.
func (i *intake) answer(ctx context.Context, m *nats.Msg) {
	host, task, attempt, _ := protocol.HostLinesOf(m.Subject)
	defer i.hosts.End(host)
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	receipt := i.take(ctx, ownedAttempt{host, task, attempt}, m.Data)
	if payload, err := json.Marshal(receipt); err == nil {
		_ = m.Respond(payload) // a host without a receipt sends its lines again
	}
	i.shares.settle(ctx, host)
}

// take stores lines and says what became of them.
func (i *intake) take(ctx context.Context, of ownedAttempt, data []byte) protocol.LinesReceipt {
	_, err := protocol.ReadOutputLines(data)
	refused := err != nil
	if err == nil {
		err = i.check(ctx, of)
		refused = errors.Is(err, errForeign)
	}
	if err == nil {
		err = i.publish(ctx, of, data)
		var api *jetstream.APIError
		refused = errors.As(err, &api) && api.Code < http.StatusInternalServerError
	}
	if err == nil {
		i.shares.add(of.host, len(data))
		return protocol.LinesReceipt{}
	}
	i.hosts.Complain(of.host, err)
	return protocol.LinesReceipt{Error: err.Error(), Refused: refused}
}

func (i *intake) publish(ctx context.Context, of ownedAttempt, data []byte) error {
	_, err := i.store.cfg.JS.Publish(ctx, protocol.SubjectOutput(of.host, of.task, of.attempt), data, jetstream.WithRetryAttempts(0))
	return err
}

// check returns errForeign unless the attempt is the host's. The log says so: it has each
// attempt's acceptance at the attempt's number.
func (i *intake) check(ctx context.Context, of ownedAttempt) error {
	i.mu.Lock()
	owned := i.owned[of]
	i.mu.Unlock()
	if owned {
		return nil
	}
	if of.attempt < 1 || !ops.IsTaskID(of.task) {
		return errForeign
	}
	if !i.hosts.Take(of.host, costOfUnknown) {
		return errors.New("too many attempts in a short time")
	}
	events, err := i.store.cfg.Store.Read(ctx, of.attempt-1, 1)
	if err != nil {
		return fmt.Errorf("the attempt cannot be looked up now: %w", err)
	}
	if len(events) != 1 || events[0].Position != of.attempt {
		return errForeign
	}
	recorded, err := events[0].Decode(i.store.cfg.Store.Codec())
	if err != nil {
		return err
	}
	if accepted, ok := recorded.Event.(ops.AttemptAccepted); !ok || accepted.Machine != of.host || accepted.Task != of.task {
		return errForeign
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.owned) >= maxOwned {
		clear(i.owned)
	}
	i.owned[of] = true
	return nil
}

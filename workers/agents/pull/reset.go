package pull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// resetTimeout bounds the answer to a consumer reset, unpinTimeout that to an unpinning,
	// without which the rest goes on.
	resetTimeout, unpinTimeout = 3 * time.Second, time.Second
	// repeatAfter is the pause before an unanswered request is sent again, doubled each
	// time: while a consumer is just being made, no server answers for it.
	repeatAfter = 200 * time.Millisecond
)

// subject is where a JetStream request about a consumer goes.
func subject(verb, consumer string) string {
	return fmt.Sprintf("$JS.API.CONSUMER.%s.%s.%s", verb, protocol.StreamEvents, consumer)
}

// Unpin takes a consumer from whichever delivery had its messages before, so that the
// requests which that delivery has left behind get none any more. It may fail: then they
// take messages until they expire, which [Feed] notices.
func Unpin(ctx context.Context, nc *nats.Conn, consumer string) {
	ctx, cancel := context.WithTimeout(ctx, unpinTimeout)
	defer cancel()
	inbox := nc.NewInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err != nil {
		return
	}
	defer func() { _ = answers.Unsubscribe() }()
	for wait := repeatAfter; ctx.Err() == nil; wait *= 2 {
		if nc.PublishRequest(subject("UNPIN", consumer), inbox, []byte(`{"group":"`+protocol.PullGroup+`"}`)) != nil {
			return
		}
		try, cancel := context.WithTimeout(ctx, wait)
		done := answered(try, answers)
		cancel()
		if done {
			return
		}
	}
}

// noJetStream is JetStream's code for an account that has none. Both the agents' account,
// which has none, and that of the control plane answer what is asked of JetStream as a whole.
const noJetStream = 10039

// answered waits for the answer of the control plane's account. Nobody there is one, too.
func answered(ctx context.Context, answers *nats.Subscription) bool {
	for {
		m, err := answers.NextMsgWithContext(ctx)
		if err != nil {
			return errors.Is(err, nats.ErrNoResponders)
		}
		var answer struct {
			Error struct {
				Code int `json:"err_code"`
			} `json:"error"`
		}
		if json.Unmarshal(m.Data, &answer) != nil || answer.Error.Code != noJetStream {
			return true
		}
	}
}

// Reset takes a consumer as [Unpin] does, lets it begin at the position, and returns when
// that consumer was created, which tells it from an earlier one of the same name.
func Reset(ctx context.Context, nc *nats.Conn, consumer string, from domain.Position) (time.Time, error) {
	Unpin(ctx, nc, consumer)
	ctx, cancel := context.WithTimeout(ctx, resetTimeout)
	defer cancel()
	created, err := reset(ctx, nc, consumer, from)
	if err != nil {
		return time.Time{}, fmt.Errorf("reset the consumer to %d: %w", from, err)
	}
	return created, nil
}

func reset(ctx context.Context, nc *nats.Conn, consumer string, from domain.Position) (time.Time, error) {
	var wish struct {
		Seq uint64 `json:"seq"`
	}
	wish.Seq = uint64(from)
	payload, err := json.Marshal(wish)
	if err != nil {
		return time.Time{}, err
	}
	reply, err := request(ctx, nc, subject("RESET", consumer), payload)
	if err != nil {
		return time.Time{}, err
	}
	var answer struct {
		Created time.Time `json:"created"`
		Error   *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return time.Time{}, err
	}
	switch {
	case answer.Error != nil:
		return time.Time{}, errors.New(answer.Error.Description)
	case answer.Created.IsZero(): // it would be taken for a consumer that was never seen
		return time.Time{}, errors.New("the answer does not say when the consumer was made")
	}
	return answer.Created, nil
}

// request asks until a server answers or ctx ends. What is carried out twice does no harm:
// the consumer only delivers events again that the agent then recognises.
func request(ctx context.Context, nc *nats.Conn, subject string, payload []byte) (*nats.Msg, error) {
	for wait := repeatAfter; ; wait *= 2 {
		try, cancel := context.WithTimeout(ctx, wait)
		reply, err := nc.RequestWithContext(try, subject, payload)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return reply, err
		}
	}
}

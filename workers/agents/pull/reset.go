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
	// resetTimeout bounds the answer to a consumer reset.
	resetTimeout = 3 * time.Second
	// resetRepeat is the pause before an unanswered reset is sent again, doubled each
	// time: while a consumer is just being made, no server answers for it.
	resetRepeat = 200 * time.Millisecond
)

// subject is where a JetStream request about a consumer goes.
func subject(verb, consumer string) string {
	return fmt.Sprintf("$JS.API.CONSUMER.%s.%s.%s", verb, protocol.StreamEvents, consumer)
}

// Reset lets a consumer begin at the position and returns when that consumer was
// created, which tells it from an earlier one of the same name.
func Reset(ctx context.Context, nc *nats.Conn, consumer string, from domain.Position) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, resetTimeout)
	defer cancel()
	created, err := reset(ctx, nc, consumer, from)
	if err != nil {
		return time.Time{}, fmt.Errorf("reset the consumer to %d: %w", from, err)
	}
	return created, nil
}

func reset(ctx context.Context, nc *nats.Conn, consumer string, from domain.Position) (time.Time, error) {
	var request struct {
		Seq uint64 `json:"seq"`
	}
	request.Seq = uint64(from)
	payload, err := json.Marshal(request)
	if err != nil {
		return time.Time{}, err
	}
	reply, err := requestReset(ctx, nc, consumer, payload)
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

// requestReset asks until a server answers or ctx ends. If a reset is carried out twice,
// the consumer only delivers events again that the agent then recognises.
func requestReset(ctx context.Context, nc *nats.Conn, consumer string, payload []byte) (*nats.Msg, error) {
	for wait := resetRepeat; ; wait *= 2 {
		try, cancel := context.WithTimeout(ctx, wait)
		reply, err := nc.RequestWithContext(try, subject("RESET", consumer), payload)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return reply, err
		}
	}
}

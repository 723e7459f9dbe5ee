package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const (
	// storedWithin bounds the stream's word that it has a message.
	storedWithin = 3 * time.Second
	// refusalsUntilDropped is how often the stream may refuse a message.
	refusalsUntilDropped = 3
)

// errRefused says that the stream does not want a message, and is not going to.
var errRefused = errors.New("the stream refused the lines")

// publishLines brings the lines of all attempts to the stream, one message at a
// time: the next batch is taken when the stream has the one before, so reports
// never wait behind more than one message, and what the bus cannot carry waits,
// and is dropped and counted, in the executor.
func (a *Agent) publishLines(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case batch := <-a.cfg.Tasks.Lines():
			if len(batch.Lines) > 0 {
				a.publish(ctx, batch)
			}
		}
	}
}

// publish repeats a message until the stream has it: a repetition is told by its
// line numbers.
func (a *Agent) publish(ctx context.Context, batch executor.Batch) {
	pause := backoff.Growing{Least: 50 * time.Millisecond, Most: 2 * time.Second}
	payload, err := json.Marshal(outputOf(batch))
	if err != nil {
		a.cfg.Log.Warn("lines cannot be encoded", "task", batch.Task, "error", err)
		return
	}
	for refusals := 0; ctx.Err() == nil && refusals < refusalsUntilDropped; pause.Wait(ctx, nil) {
		err := a.store(ctx, batch, payload)
		if err == nil {
			return
		}
		log := a.cfg.Log.With("task", batch.Task, "first", batch.Lines[0].Number, "error", err)
		if !errors.Is(err, errRefused) {
			log.Debug("lines were not stored, will try again")
			continue
		}
		refusals++
		log.Warn("lines were refused")
	}
}

// store returns nil when the stream has the message.
func (a *Agent) store(ctx context.Context, batch executor.Batch, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, storedWithin)
	defer cancel()
	subject := protocol.SubjectOutput(a.cfg.ID, batch.Task, domain.Position(batch.Attempt))
	reply, err := a.cfg.NC.RequestWithContext(ctx, subject, payload)
	if err != nil {
		return err
	}
	var ack struct {
		Stream string `json:"stream"`
		Error  *struct {
			Code        int    `json:"code"` // as of HTTP
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &ack); err != nil || ack.Error == nil && ack.Stream == "" {
		return errors.New("the stream did not answer")
	}
	switch {
	case ack.Error == nil:
		return nil
	case ack.Error.Code >= http.StatusInternalServerError:
		return fmt.Errorf("the stream cannot take the lines now: %s", ack.Error.Description)
	}
	return fmt.Errorf("%w: %s", errRefused, ack.Error.Description)
}

func outputOf(batch executor.Batch) protocol.OutputLines {
	out := protocol.OutputLines{First: batch.Lines[0].Number, Lines: make([]protocol.OutputLine, len(batch.Lines))}
	for i, l := range batch.Lines {
		out.Lines[i] = protocol.OutputLine{At: l.Time.UTC(), Err: l.Stream == "stderr", Text: l.Text}
	}
	return out
}

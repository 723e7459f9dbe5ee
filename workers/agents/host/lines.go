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
	// storedWithin bounds the wait for the stream's acknowledgement of a message.
	storedWithin = 3 * time.Second
	// refusalsUntilDropped is how often the stream may refuse a message before the
	// message is dropped.
	refusalsUntilDropped = 3
)

// errRefused says that the stream refused a message for good.
var errRefused = errors.New("the stream refused the lines")

// publishLines brings the lines of all attempts to the stream, one message at a time:
// it takes the next batch when the stream has the one before. So reports never wait
// behind more than one message, and lines that the bus cannot carry wait in the
// executor, which drops the oldest and counts them.
func (f *Follower) publishLines(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case batch := <-f.cfg.Tasks.Lines():
			if len(batch.Lines) > 0 {
				f.publish(ctx, batch)
			}
		}
	}
}

// publish repeats a message until the stream has it. Readers recognise a repetition by
// its line numbers.
func (f *Follower) publish(ctx context.Context, batch executor.Batch) {
	pause := backoff.Growing{Least: 50 * time.Millisecond, Most: 2 * time.Second}
	payload, err := json.Marshal(outputOf(batch))
	if err != nil {
		f.cfg.Log.Warn("lines cannot be encoded", "task", batch.Task, "error", err)
		return
	}
	for refusals := 0; ctx.Err() == nil && refusals < refusalsUntilDropped; pause.Wait(ctx, nil) {
		err := f.store(ctx, batch, payload)
		if err == nil {
			return
		}
		log := f.cfg.Log.With("task", batch.Task, "first", batch.Lines[0].Number, "error", err)
		if !errors.Is(err, errRefused) {
			log.Debug("lines were not stored, will try again")
			continue
		}
		refusals++
		log.Warn("lines were refused")
	}
}

// store returns nil when the stream has the message.
func (f *Follower) store(ctx context.Context, batch executor.Batch, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, storedWithin)
	defer cancel()
	subject := protocol.SubjectOutput(f.cfg.ID, batch.Task, domain.Position(batch.Attempt))
	reply, err := f.cfg.NC.RequestWithContext(ctx, subject, payload)
	if err != nil {
		return err
	}
	var ack struct {
		Stream string `json:"stream"`
		Error  *struct {
			Code        int    `json:"code"` // an HTTP status
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

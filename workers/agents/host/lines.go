package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// publish brings a batch to the stream, in as many messages as its size needs.
func (f *Follower) publish(ctx context.Context, batch executor.Batch) {
	payload, err := json.Marshal(outputOf(batch))
	switch half := len(batch.Lines) / 2; {
	case err != nil:
		f.cfg.Log.Warn("lines cannot be encoded", "task", batch.Task, "error", err)
	case (len(payload) > protocol.MaxAgentMessage || len(batch.Lines) > protocol.MaxLines) && half > 0:
		first, rest := batch, batch
		first.Lines, rest.Lines = batch.Lines[:half], batch.Lines[half:]
		f.publish(ctx, first)
		f.publish(ctx, rest)
	default:
		f.deliver(ctx, batch, payload)
	}
}

// deliver repeats a message until the stream has it. Readers recognise a repetition by
// its line numbers.
func (f *Follower) deliver(ctx context.Context, batch executor.Batch, payload []byte) {
	pause := backoff.Growing{Least: 50 * time.Millisecond, Most: 2 * time.Second}
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
	subject := protocol.SubjectHostLines(f.cfg.ID, batch.Task, domain.Position(batch.Attempt))
	reply, err := f.cfg.NC.RequestWithContext(ctx, subject, payload)
	if err != nil {
		return err
	}
	var receipt protocol.LinesReceipt
	switch err := json.Unmarshal(reply.Data, &receipt); {
	case err != nil:
		return fmt.Errorf("not a receipt: %w", err)
	case receipt.Refused:
		return fmt.Errorf("%w: %s", errRefused, receipt.Error)
	case receipt.Error != "":
		return errors.New(receipt.Error)
	}
	return nil
}

func outputOf(batch executor.Batch) protocol.OutputLines {
	out := protocol.OutputLines{First: batch.Lines[0].Number, Lines: make([]protocol.OutputLine, len(batch.Lines))}
	for i, l := range batch.Lines {
		out.Lines[i] = protocol.OutputLine{At: l.Time.UTC(), Err: l.Stream == "stderr", Text: l.Text}
	}
	return out
}

package translog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/wholefile"
	"github.com/opsledger/opsledger/protocol"
)

// copies keep the newest checkpoint outside of PostgreSQL: a database that was set back, to
// a backup or to what a standby had, is found out by them.
type copies struct {
	// file is beside the vault's key.
	file     string
	js       jetstream.JetStream
	log      uuid.UUID
	replicas int
}

// busLimit bounds a request to JetStream, so that a bus that is away delays no checkpoint for long.
const busLimit = 2 * time.Second

// kept is a copy, and where it lies.
type kept struct {
	Checkpoint
	where string
}

// read returns the copies that there are.
func (c *copies) read(ctx context.Context) ([]kept, error) {
	var list []kept
	text, err := os.ReadFile(c.file)
	if err == nil {
		list, err = appendKept(list, string(text), "beside the key file")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("copy of the newest checkpoint: %w", err)
	}
	text, err = c.onBus(ctx)
	if err == nil && text != nil {
		list, err = appendKept(list, string(text), "on the bus")
	}
	if err != nil {
		return nil, fmt.Errorf("copy of the newest checkpoint on the bus: %w", err)
	}
	return list, nil
}

func appendKept(list []kept, text, where string) ([]kept, error) {
	c, err := ParseCheckpoint(text)
	if err != nil {
		return nil, &contradiction{"what is kept " + where + " is no checkpoint; remove it if nobody needs it"}
	}
	return append(list, kept{c, where}), nil
}

// onBus returns nil if the bus has none.
func (c *copies) onBus(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, busLimit)
	defer cancel()
	stream, err := c.js.Stream(ctx, protocol.StreamCheckpoint)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := stream.GetLastMsgForSubject(ctx, protocol.SubjectCheckpoint)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

// write keeps the checkpoint in both places; half says what went wrong in one of them, err
// that it is in none.
func (c *copies) write(ctx context.Context, p Checkpoint) (half, err error) {
	onDisk := wholefile.Write(c.file, []byte(p.Note), 0o600)
	onBus := c.publish(ctx, p)
	if onDisk != nil && onBus != nil {
		return nil, fmt.Errorf("the checkpoint cannot be kept outside of PostgreSQL: %w", errors.Join(onDisk, onBus))
	}
	return errors.Join(onDisk, onBus), nil
}

func (c *copies) publish(ctx context.Context, p Checkpoint) error {
	ctx, cancel := context.WithTimeout(ctx, busLimit)
	defer cancel()
	_, err := c.js.Publish(ctx, protocol.SubjectCheckpoint, []byte(p.Note), jetstream.WithRetryAttempts(0))
	if !errors.Is(err, jetstream.ErrNoStreamResponse) {
		return err
	}
	if _, err := c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: protocol.StreamCheckpoint, Subjects: []string{protocol.SubjectCheckpoint},
		Description: "The newest checkpoint of the opsledger log", Storage: jetstream.FileStorage,
		MaxMsgs: 1, Discard: jetstream.DiscardOld, Replicas: max(c.replicas, 1),
		Metadata: map[string]string{protocol.MetadataLog: c.log.String()},
	}); err != nil {
		return err
	}
	_, err = c.js.Publish(ctx, protocol.SubjectCheckpoint, []byte(p.Note))
	return err
}

// catchUp keeps a checkpoint of another process in the file, too, if that one has an older one.
func (c *copies) catchUp(p Checkpoint) error {
	if p.Size == 0 {
		return nil
	}
	if text, err := os.ReadFile(c.file); err == nil {
		if mine, err := ParseCheckpoint(string(text)); err == nil && mine.Origin == p.Origin && mine.Size >= p.Size {
			return nil
		}
	}
	if err := wholefile.Write(c.file, []byte(p.Note), 0o600); err != nil {
		return fmt.Errorf("keep the newest checkpoint: %w", err)
	}
	return nil
}

package translog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/wholefile"
	"github.com/opsledger/opsledger/protocol"
)

// copies keep the newest checkpoint outside of PostgreSQL: a database that was set back, to
// a backup or to what a standby had, is found out by them.
type copies struct {
	origin string
	// file is beside the vault's key, subject on the bus; both are the origin's own.
	file     string
	subject  string
	js       jetstream.JetStream
	log      uuid.UUID
	replicas int
	// sequence is that of the copy on the bus which was read or written last, 0 for none.
	sequence uint64
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
		list, err = c.appendKept(list, string(text), "beside the key file")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("copy of the newest checkpoint: %w", err)
	}
	text, err = c.onBus(ctx)
	if err == nil && text != nil {
		list, err = c.appendKept(list, string(text), "on the bus")
	}
	if err != nil {
		return nil, fmt.Errorf("copy of the newest checkpoint on the bus: %w", err)
	}
	return list, nil
}

func (c *copies) appendKept(list []kept, text, where string) ([]kept, error) {
	p, err := ParseCheckpoint(text)
	if err != nil || p.Origin != c.origin {
		return nil, &contradiction{fmt.Sprintf("what is kept %s is no checkpoint of %q; remove it if nobody needs it", where, c.origin)}
	}
	return append(list, kept{p, where}), nil
}

// onBus returns nil if the bus has none.
func (c *copies) onBus(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, busLimit)
	defer cancel()
	c.sequence = 0
	stream, err := c.js.Stream(ctx, protocol.StreamCheckpoint)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := stream.GetLastMsgForSubject(ctx, c.subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c.sequence = m.Sequence
	return m.Data, nil
}

// write keeps the checkpoint in both places; half says what went wrong in one of them, err
// that it is in none, or that the bus has another one.
func (c *copies) write(ctx context.Context, p Checkpoint) (half, err error) {
	onDisk := wholefile.Write(c.file, []byte(p.Note), 0o600)
	onBus := c.publish(ctx, p)
	if errors.Is(onBus, errOtherCopy) {
		return nil, onBus
	}
	if onDisk != nil && onBus != nil {
		return nil, fmt.Errorf("the checkpoint cannot be kept outside of PostgreSQL: %w", errors.Join(onDisk, onBus))
	}
	return errors.Join(onDisk, onBus), nil
}

func (c *copies) publish(ctx context.Context, p Checkpoint) error {
	// What waits for a connection would arrive behind what somebody else has written.
	if !c.js.Conn().IsConnected() {
		return nats.ErrDisconnected
	}
	ctx, cancel := context.WithTimeout(ctx, busLimit)
	defer cancel()
	err := c.send(ctx, p)
	if !errors.Is(err, jetstream.ErrNoStreamResponse) {
		return err
	}
	if _, err := c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: protocol.StreamCheckpoint, Subjects: []string{protocol.SubjectCheckpoint + ".*"},
		Description: "The newest checkpoint of the opsledger log under each origin", Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardOld, Replicas: max(c.replicas, 1),
		Metadata: map[string]string{protocol.MetadataLog: c.log.String()},
	}); err != nil {
		return err
	}
	c.sequence = 0 // the stream is a new one
	return c.send(ctx, p)
}

// send replaces the copy that was read or written last, and none that somebody else has written since.
func (c *copies) send(ctx context.Context, p Checkpoint) error {
	ack, err := c.js.Publish(ctx, c.subject, []byte(p.Note),
		jetstream.WithRetryAttempts(0), jetstream.WithExpectLastSequencePerSubject(c.sequence))
	var refused *jetstream.APIError
	if errors.As(err, &refused) && (refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant) {
		return errOtherCopy
	}
	if err == nil {
		c.sequence = ack.Sequence
	}
	return err
}

// errOtherCopy says that the copy on the bus is not the one that was read or written last. It
// has to be read before there is another.
var errOtherCopy = errors.New("the copy of the newest checkpoint on the bus is another one than was written")

// catchUp keeps a checkpoint of another process in the file, too, if that one has an older one.
func (c *copies) catchUp(p Checkpoint) error {
	if p.Size == 0 {
		return nil
	}
	if text, err := os.ReadFile(c.file); err == nil {
		if mine, err := ParseCheckpoint(string(text)); err == nil && mine.Size >= p.Size {
			return nil
		}
	}
	if err := wholefile.Write(c.file, []byte(p.Note), 0o600); err != nil {
		return fmt.Errorf("keep the newest checkpoint: %w", err)
	}
	return nil
}

package eventstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// What can be wrong between the stream and the log. The errors that carry these
// have a text that tells the operator what to do.
var (
	// ErrForeignStream says that the stream belongs to another log.
	ErrForeignStream = errors.New("the JetStream stream belongs to another log")
	// ErrStreamAhead says that the stream holds events that the database has lost.
	ErrStreamAhead = errors.New("the JetStream stream is ahead of the database")
	// ErrStreamDiverged says that stream and database hold different events at the same position.
	ErrStreamDiverged = errors.New("the JetStream stream and the database hold different histories")
)

// streamTip is the end of the stream.
type streamTip struct {
	last domain.Position
	// id is the event at last, zero when the stream does not hold it (it is
	// empty, or the event is past the stream's bounds).
	id uuid.UUID
}

// checkStream compares the stream's end with the log. The stream is looked at
// first and the log afterwards: an event is published only after its commit, so
// whatever the stream held must then be in the log.
func checkStream(ctx context.Context, js jetstream.JetStream, store *Store, info *jetstream.StreamInfo) (streamTip, error) {
	if owner := info.Config.Metadata[protocol.MetadataLog]; owner != store.LogID().String() {
		return streamTip{}, foreignStream(owner, store)
	}
	tip := streamTip{last: domain.Position(info.State.LastSeq)}
	if tip.last == 0 {
		return tip, nil
	}
	var err error
	if tip.id, err = idInStream(ctx, js, tip.last); err != nil {
		return tip, fmt.Errorf("read the last event of stream %s: %w", protocol.StreamEvents, err)
	}
	return tip, compareTip(ctx, js, store, tip)
}

func compareTip(ctx context.Context, js jetstream.JetStream, store *Store, tip streamTip) error {
	id, err := idInLog(ctx, store, tip.last)
	switch {
	case err != nil:
		return err
	case id == uuid.Nil:
		return aheadOrDiverged(ctx, js, store, tip)
	case tip.id != uuid.Nil && tip.id != id:
		return diverged(tip.last, tip.id, id)
	}
	return nil
}

// aheadOrDiverged tells a stream that continues the log, which can be recovered
// from, from one that continues another history.
func aheadOrDiverged(ctx context.Context, js jetstream.JetStream, store *Store, tip streamTip) error {
	head, err := store.Head(ctx)
	if err != nil {
		return err
	}
	if head.Position > 0 {
		published, err := idInStream(ctx, js, head.Position)
		if err != nil {
			return err
		}
		stored, err := idInLog(ctx, store, head.Position)
		if err != nil {
			return err
		}
		if published != uuid.Nil && published != stored {
			return diverged(head.Position, published, stored)
		}
	}
	return fmt.Errorf("%w: the stream %s ends at position %d, the database at %d; it was restored from a backup or failed over without its last commits."+
		" Run \"opsledger recover\" to bring the missing events back from JetStream", ErrStreamAhead, protocol.StreamEvents, tip.last, head.Position)
}

func foreignStream(owner string, store *Store) error {
	if owner == "" {
		owner = "no log (it was not created by opsledger)"
	}
	return fmt.Errorf("%w: stream %s belongs to %s, the database holds log %s."+
		" Connect the NATS server and the database that belong together, or delete the stream to have it filled from this database",
		ErrForeignStream, protocol.StreamEvents, owner, store.LogID())
}

func diverged(at domain.Position, published, stored uuid.UUID) error {
	return fmt.Errorf("%w: at position %d the stream %s holds event %s, the database %s; the database was restored and written to without its last events."+
		" Restore a database that holds them, or delete the stream to give them up and have it filled from this database",
		ErrStreamDiverged, at, protocol.StreamEvents, published, stored)
}

// idInLog returns the id of the event at the position, zero when there is none.
func idInLog(ctx context.Context, store *Store, at domain.Position) (uuid.UUID, error) {
	events, err := store.Read(ctx, at-1, 1)
	if err != nil || len(events) == 0 || events[0].Position != at {
		return uuid.Nil, err
	}
	return events[0].ID, nil
}

// idInStream returns the id of the event at the position, zero when the stream
// does not hold it.
func idInStream(ctx context.Context, js jetstream.JetStream, at domain.Position) (uuid.UUID, error) {
	e, err := messageAt(ctx, js, at)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return uuid.Nil, nil
	}
	return e.ID, err
}

func messageAt(ctx context.Context, js jetstream.JetStream, at domain.Position) (protocol.Envelope, error) {
	stream, err := js.Stream(ctx, protocol.StreamEvents)
	if err != nil {
		return protocol.Envelope{}, err
	}
	m, err := stream.GetMsg(ctx, uint64(at))
	if err != nil {
		return protocol.Envelope{}, err
	}
	return protocol.DecodeMessage(m.Data, at)
}

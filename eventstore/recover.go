package eventstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// Recovered is what [Recover] did.
type Recovered struct {
	// Events is how many events came back.
	Events int
	// GivenUp is how many events did not, since JetStream does not have all of their change.
	GivenUp int
}

// Recover appends to the log what JetStream holds behind its end, for a database
// that was restored from a backup or failed over without its last commits. The events come back as they were: the same bytes, positions,
// ids and times. It refuses, with [ErrForeignStream] or [ErrStreamDiverged], when
// the stream does not continue this very log; nothing is appended then.
//
// It may be stopped and run again at any point: what it has appended is a valid
// log, and it goes on from there. No process should serve meanwhile; one that
// appends makes it fail.
//
// What JetStream never had cannot come back: events that were not yet published,
// secrets, refusals, and the fingerprints of commands. A change that was published in
// part does not come back at all. Nobody has applied it, since everybody waits for all of
// a change; its events stand in the way of those that get their positions, so that the
// stream is deleted then. A relay fills it anew.
func Recover(ctx context.Context, store *Store, js jetstream.JetStream) (Recovered, error) {
	done, err := recoverTail(ctx, store, js)
	if err != nil {
		return done, fmt.Errorf("recover from JetStream, %d events came back: %w", done.Events, err)
	}
	return done, nil
}

func recoverTail(ctx context.Context, store *Store, js jetstream.JetStream) (done Recovered, err error) {
	stream, err := js.Stream(ctx, protocol.StreamEvents)
	if err != nil {
		return done, err
	}
	_, err = checkStream(ctx, js, store, stream.CachedInfo())
	if err == nil {
		return done, nil // nothing is missing
	}
	if !errors.Is(err, ErrStreamAhead) {
		return done, err
	}
	head, err := store.Head(ctx)
	if err != nil {
		return done, err
	}
	if err := sharesPast(stream.CachedInfo(), head); err != nil {
		return done, err
	}
	conn, err := pgx.ConnectConfig(ctx, store.writer.config.Copy())
	if err != nil {
		return done, translate(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := prepareStatements(ctx, conn); err != nil {
		return done, translate(err)
	}
	return appendTail(ctx, store, js, stream, conn, head)
}

// appendTail appends what the stream has behind the head.
func appendTail(ctx context.Context, store *Store, js jetstream.JetStream, stream jetstream.Stream, conn *pgx.Conn, head Head) (done Recovered, err error) {
	for last := domain.Position(stream.CachedInfo().State.LastSeq); head.Position < last; {
		group, err := readGroup(ctx, stream, head, last)
		if err != nil {
			return done, err
		}
		whole := protocol.Whole(group)
		if len(whole) > 0 {
			if head, err = appendGroup(ctx, store, conn, head, whole); err != nil {
				return done, err
			}
		}
		done.Events += len(whole)
		if rest := group[len(whole):]; len(rest) > 0 {
			if rest[len(rest)-1].Position != last {
				return done, fmt.Errorf("%w: the change of event %d has no end", ErrStreamDiverged, rest[0].Position)
			}
			done.GivenUp = len(rest)
			return done, js.DeleteStream(ctx, protocol.StreamEvents)
		}
	}
	return done, nil
}

// sharesPast makes sure that the stream still holds the log's last event, which
// checkStream has then compared.
func sharesPast(info *jetstream.StreamInfo, head Head) error {
	first := domain.Position(info.State.FirstSeq)
	if head.Position > 0 && first > head.Position || head.Position == 0 && first > 1 {
		return fmt.Errorf("the stream %s begins at position %d, the database ends at %d: what lies between is lost, or cannot be compared; restore a newer backup",
			protocol.StreamEvents, first, head.Position)
	}
	return nil
}

// readGroup reads the events behind the head that were appended at one time.
func readGroup(ctx context.Context, stream jetstream.Stream, head Head, last domain.Position) ([]protocol.Envelope, error) {
	var group []protocol.Envelope
	at := map[domain.Context]domain.Position{}
	for c, p := range head.Last {
		at[c] = p
	}
	for position := head.Position + 1; position <= last; position++ {
		m, err := stream.GetMsg(ctx, uint64(position))
		if err != nil {
			return nil, fmt.Errorf("read event %d: %w", position, err)
		}
		e, err := protocol.DecodeMessage(m.Data, position)
		if err != nil {
			return nil, err
		}
		if e.Prev != at[e.Context] || e.RecordedAt.Before(head.RecordedAt) || m.Subject != protocol.Subject(e) {
			return nil, fmt.Errorf("%w: event %d does not continue the database's log", ErrStreamDiverged, position)
		}
		if len(group) > 0 && !e.RecordedAt.Equal(group[0].RecordedAt) {
			break
		}
		at[e.Context] = position
		group = append(group, e)
	}
	return group, nil
}

// appendGroup appends events as they are, provided that the head is where it was.
func appendGroup(ctx context.Context, store *Store, conn *pgx.Conn, head Head, group []protocol.Envelope) (Head, error) {
	if err := raiseSequences(ctx, store, group); err != nil {
		return head, err
	}
	p := &plan{
		events: group, tags: tagRowsOf(group), keyed: commandsOf(group, time.Now()),
		head: Head{RecordedAt: group[0].RecordedAt, Last: map[domain.Context]domain.Position{}},
	}
	for c, position := range head.Last {
		p.head.Last[c] = position
	}
	for _, e := range group {
		p.head.Position, p.head.Last[e.Context] = e.Position, e.Position
	}
	seen, err := inspect(ctx, conn, nil, nil, 0)
	if err != nil {
		return head, translate(err)
	}
	if seen.head.log != store.id || seen.head.Position != head.Position {
		return head, fmt.Errorf("another process appends to the log, which is at %d now; stop all of them first", seen.head.Position)
	}
	if _, err := conn.Exec(ctx, extendLog, p.head.Position, store.writer.size); err != nil {
		return head, translate(err)
	}
	if err := transact(conn, p.statements()).err; err != nil {
		return head, translate(err)
	}
	return p.head, nil
}

// commandsOf restores what is known of the events' commands, so that a client's
// repetition does not carry one out again. Those that would have expired are left out.
func commandsOf(group []protocol.Envelope, now time.Time) []storedCommand {
	var list []storedCommand
	index := map[uuid.UUID]int{}
	for _, e := range group {
		if now.Sub(e.RecordedAt) > commandLife {
			continue
		}
		i, known := index[e.CommandID]
		if !known {
			i = len(list)
			index[e.CommandID] = i
			list = append(list, storedCommand{id: e.CommandID, first: e.Position})
		}
		list[i].last = e.Position
	}
	return list
}

// raiseSequences keeps the ids that the events use from being given out again.
// An event carries the tag <sequence>:<id> of each resource that it made.
func raiseSequences(ctx context.Context, store *Store, group []protocol.Envelope) error {
	used := map[domain.Sequence]int64{}
	for i := range group {
		noteIDs(used, &group[i])
	}
	for _, s := range domain.Sequences() {
		if used[s] > 0 {
			if err := store.RaiseSequence(ctx, s, used[s]); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteIDs notes the highest id of each sequence that the events use.
func noteIDs(used map[domain.Sequence]int64, e *protocol.Envelope) {
	for _, t := range e.Tags {
		name, digits, _ := strings.Cut(string(t), ":")
		if id, err := strconv.ParseInt(digits, 10, 64); err == nil {
			used[domain.Sequence(name)] = max(used[domain.Sequence(name)], id)
		}
	}
}

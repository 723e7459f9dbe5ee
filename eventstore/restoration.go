package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// ErrNotEmpty says that a log cannot be brought into a database, since it has one already. Its
// text says what is there.
var ErrNotEmpty = errors.New("the database is not empty")

const (
	// restoredPiece and restoredBytes bound the events that wait to be written.
	restoredPiece = 5_000
	restoredBytes = 8 << 20
)

// Restoration writes a log from elsewhere into a database that has none.
//
// Invariants:
//  1. Everything is written in the caller's transaction, with the head locked against all
//     other processes: the log is there whole, or the database is as empty as it was.
//  2. The columns of an event are written as they are given. Tag index, head, partitions, ids
//     given out, and which commands were carried out lately follow from the events.
type Restoration struct {
	tx   pgx.Tx
	log  uuid.UUID
	now  time.Time
	head Head
	// events wait to be written, with data and tags of so many bytes.
	events []protocol.Envelope
	bytes  int
	// commands are those of the last week, the last one perhaps not at its end.
	commands []carriedOut
	used     map[domain.Sequence]int64
	// extendAt is the position from which partitions may be missing.
	extendAt domain.Position
}

// carriedOut is a command of which the log has the events.
type carriedOut struct {
	id          uuid.UUID
	first, last domain.Position
	at          time.Time
}

// Restore begins to write the log with the id, and returns [ErrNotEmpty] if there is another
// one already. What another process has open of the database is of no use to it afterwards.
func Restore(ctx context.Context, tx pgx.Tx, log uuid.UUID) (*Restoration, error) {
	r := &Restoration{
		tx: tx, log: log, now: time.Now(), used: map[domain.Sequence]int64{},
		head: Head{RecordedAt: time.Unix(0, 0).UTC(), Last: map[domain.Context]domain.Position{}},
	}
	// Who opens the log for the first time meanwhile waits, and finds this one.
	if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '15s'; LOCK TABLE log.head IN SHARE ROW EXCLUSIVE MODE; SET LOCAL lock_timeout = 0"); err != nil {
		return nil, fmt.Errorf("lock the log: %w", err)
	}
	if err := WantEmpty(ctx, tx); err != nil {
		return nil, err
	}
	return r, r.identify(ctx)
}

// WantEmpty returns [ErrNotEmpty] if there is a log.
func WantEmpty(ctx context.Context, tx pgx.Tx) error {
	var log string
	var position, events int64
	err := tx.QueryRow(ctx, `SELECT coalesce((SELECT log::text FROM log.head), ''), coalesce((SELECT position FROM log.head), 0),
		coalesce((SELECT max(position) FROM log.events), 0)`).Scan(&log, &position, &events)
	if err != nil {
		return fmt.Errorf("look whether there is a log: %w", err)
	}
	if position > 0 || events > 0 {
		return fmt.Errorf("%w: it has log %s, with %d events", ErrNotEmpty, log, max(position, events))
	}
	return nil
}

// identify gives the log its id. A log without events, such as one that was only opened, has
// nothing that could be mistaken for another's, so that its id may change; the trigger that
// forbids it is for logs with events.
func (r *Restoration) identify(ctx context.Context) error {
	_, err := r.tx.Exec(ctx, `INSERT INTO log.head (log, position, recorded_at, last_access, last_dns, last_ops)
		VALUES ($1, 0, 'epoch', 0, 0, 0) ON CONFLICT DO NOTHING`, r.log)
	for _, sql := range []string{
		"ALTER TABLE log.head DISABLE TRIGGER forward_only",
		fmt.Sprintf("UPDATE log.head SET log = '%s' WHERE position = 0", r.log),
		"ALTER TABLE log.head ENABLE ALWAYS TRIGGER forward_only",
	} {
		if err == nil {
			_, err = r.tx.Exec(ctx, sql)
		}
	}
	if err != nil {
		return fmt.Errorf("give the log its id: %w", err)
	}
	return nil
}

// CheckRestored refuses an event of a type that this program does not know, and one that the
// tables could not keep as it is. It does not look at what the event says of those before it.
func CheckRestored(codec *domain.Codec, e *protocol.Envelope) (r domain.Recorded, err error) {
	if r, err = e.Decode(codec); err != nil {
		return r, err
	}
	if d, _ := codec.Descriptor(e.Type); d.Context != e.Context {
		return r, fmt.Errorf("event %d: %s is of context %s, not of %q", e.Position, e.Type, d.Context, string(e.Context))
	}
	for i, t := range e.Tags {
		if !keepable(string(t)) || t == "" || strings.Contains(string(t), "\n") || slices.Contains(e.Tags[:i], t) {
			return r, fmt.Errorf("event %d: it cannot have the tag %.100q", e.Position, string(t))
		}
	}
	if !utf8.Valid(e.Data) || bytes.IndexByte(e.Data, 0) >= 0 {
		return r, fmt.Errorf("event %d: its data is not clean UTF-8", e.Position)
	}
	if !keepable(string(e.Door)) {
		return r, fmt.Errorf("event %d: it cannot have the door %.40q", e.Position, string(e.Door))
	}
	return r, nil
}

// keepable says whether PostgreSQL has such texts.
func keepable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// Add writes the next event. The events come in order, without a gap, from position 1 on.
func (r *Restoration) Add(ctx context.Context, e *protocol.Envelope) error {
	if e.Position != r.head.Position+1 {
		return fmt.Errorf("event %d comes behind %d", e.Position, r.head.Position)
	}
	r.head.Position, r.head.RecordedAt, r.head.Last[e.Context] = e.Position, e.RecordedAt, e.Position
	r.events, r.bytes = append(r.events, *e), r.bytes+len(e.Data)
	for _, t := range e.Tags {
		r.bytes += len(t)
	}
	noteIDs(r.used, e)
	r.noteCommand(e)
	if len(r.events) < restoredPiece && r.bytes < restoredBytes {
		return nil
	}
	return r.flush(ctx)
}

// noteCommand remembers that the event's command was carried out, if anybody could still
// repeat it.
func (r *Restoration) noteCommand(e *protocol.Envelope) {
	if r.now.Sub(e.RecordedAt) > commandLife {
		return
	}
	if n := len(r.commands); n > 0 && r.commands[n-1].id == e.CommandID {
		r.commands[n-1].last = e.Position
		return
	}
	r.commands = append(r.commands, carriedOut{e.CommandID, e.Position, e.Position, e.RecordedAt})
}

// Append puts events behind the ones that came, as changes of the command line.
func (r *Restoration) Append(ctx context.Context, codec *domain.Codec, events []domain.Event) error {
	at := nextHead(r.head, r.now).RecordedAt
	for len(events) > 0 {
		n := min(len(events), protocol.MaxChange)
		id := newID()
		change := make([]protocol.Envelope, n)
		for i, event := range events[:n] {
			var err error
			change[i], err = envelopeOf(codec, event, &Request{Actor: domain.System, Door: domain.DoorCommandLine, CommandID: id, Correlation: id})
			if err != nil {
				return err
			}
			if _, err := checkEvent(&change[i]); err != nil {
				return err
			}
		}
		markChange(change)
		for i := range change {
			e := &change[i]
			e.Position, e.Prev, e.RecordedAt = r.head.Position+1, r.head.Last[e.Context], at
			if err := r.Add(ctx, e); err != nil {
				return err
			}
		}
		events = events[n:]
	}
	return nil
}

// End writes what waits, and the head. Then the transaction is to be committed.
func (r *Restoration) End(ctx context.Context) (Head, error) {
	if err := r.flush(ctx); err != nil {
		return r.head, err
	}
	if err := r.putCommands(ctx, r.commands); err != nil {
		return r.head, err
	}
	last := r.head.Last
	if _, err := r.tx.Exec(ctx, moveHead.text, r.head.Position, r.head.RecordedAt,
		last[domain.ContextAccess], last[domain.ContextDNS], last[domain.ContextOps]); err != nil {
		return r.head, fmt.Errorf("write the head: %w", err)
	}
	// Sequences are in no transaction: so they come last, and a log that comes in vain costs no ids.
	for _, s := range domain.Sequences() {
		if r.used[s] == 0 {
			continue
		}
		if _, err := r.tx.Exec(ctx, raiseSequence, sequenceName(s), r.used[s]); err != nil {
			return r.head, fmt.Errorf("raise the ids of %s: %w", s, err)
		}
	}
	return r.head, nil
}

// flush writes the events that wait.
func (r *Restoration) flush(ctx context.Context) error {
	if len(r.events) == 0 {
		return nil
	}
	if r.head.Position >= r.extendAt {
		if err := r.tx.QueryRow(ctx, extendLog, r.head.Position, int64(DefaultPartitionSize)).Scan(&r.extendAt); err != nil {
			return fmt.Errorf("make partitions: %w", err)
		}
	}
	if err := r.copyEvents(ctx); err != nil {
		return fmt.Errorf("write events up to %d: %w", r.head.Position, err)
	}
	if err := r.copyTags(ctx); err != nil {
		return fmt.Errorf("write the tag index up to %d: %w", r.head.Position, err)
	}
	if n := len(r.commands); n > 1 {
		if err := r.putCommands(ctx, r.commands[:n-1]); err != nil {
			return err
		}
		r.commands = append(r.commands[:0], r.commands[n-1])
	}
	r.events, r.bytes = r.events[:0], 0
	return nil
}

func (r *Restoration) copyEvents(ctx context.Context) error {
	names := []string{
		"position", "prev", "id", "type", "context", "schema", "key", "tags", "data", "actor", "command_id", "causation", "correlation",
		"recorded_at", "more", "more_own", "credential", "door",
	}
	id := func(v uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: v, Valid: true} }
	_, err := r.tx.CopyFrom(ctx, pgx.Identifier{"log", "events"}, names, pgx.CopyFromSlice(len(r.events), func(i int) ([]any, error) {
		e := &r.events[i]
		return []any{
			int64(e.Position), int64(e.Prev), id(e.ID), e.Type, string(e.Context), int16(e.Schema), e.Key, joinTags(e.Tags), []byte(e.Data),
			int64(e.Actor), id(e.CommandID), int64(e.Causation), id(e.Correlation),
			e.RecordedAt, int32(e.More), int32(e.MoreOwn), int64(e.Credential), string(e.Door),
		}, nil
	}))
	return err
}

func (r *Restoration) copyTags(ctx context.Context) error {
	rows := inIndexOrder(tagRowsOf(r.events))
	_, err := r.tx.CopyFrom(ctx, pgx.Identifier{"log", "event_tags"}, []string{"tag_hash", "position", "type_hash"},
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			return []any{rows[i].hash, int64(rows[i].position), rows[i].typ}, nil
		}))
	return err
}

// putCommands keeps repetitions of commands from being carried out again, as [commandsOf] does.
func (r *Restoration) putCommands(ctx context.Context, list []carriedOut) error {
	ids, first, last, at := make([]uuid.UUID, len(list)), make([]int64, len(list)), make([]int64, len(list)), make([]time.Time, len(list))
	for i, c := range list {
		ids[i], first[i], last[i], at[i] = c.id, int64(c.first), int64(c.last), c.at
	}
	_, err := r.tx.Exec(ctx, `INSERT INTO cache.commands (command_id, fingerprint, first, last, expires_at, recorded_at)
		SELECT id, '', first, last, at + $5::interval, at
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[]) AS c(id, first, last, at)
		ON CONFLICT DO NOTHING`, ids, first, last, at, commandLife)
	if err != nil {
		return fmt.Errorf("write what was carried out: %w", err)
	}
	return nil
}

// ReadTagged is [Store.ReadTag] within a transaction, without a store.
func ReadTagged(ctx context.Context, tx pgx.Tx, tag domain.Tag, after domain.Position, limit int) ([]protocol.Envelope, error) {
	// As a Store has its plans pinned: the tables may have come this moment, so that nothing is known of them.
	var rows pgx.Rows
	_, err := tx.Exec(ctx, "SET LOCAL enable_seqscan = off")
	if err == nil {
		rows, err = tx.Query(ctx, readTagPage, hashTag(tag), after, string(tag), limit)
	}
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return collectEnvelopes(rows, limit, math.MaxInt)
}

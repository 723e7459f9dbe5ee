package eventstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// scanPage is the number of events that Scan reads at once.
const scanPage = 5000

// columns are those of log.events, in rawRow.envelope's order. data is read as
// text, which is the bytes that were written.
const columns = `e.position, e.prev, e.id, e.type, e.context, e.schema, e.key, e.tags, e.data::text,
	e.actor, e.command_id, e.causation, e.correlation, e.recorded_at, e.more, e.more_own, e.credential, e.door`

const readPage = "SELECT " + columns + " FROM log.events e WHERE e.position > $1 ORDER BY e.position LIMIT $2"

// The tag itself is compared, too: a page cut short by a collision of hashes
// would look like the log's end.
const readTagPage = "SELECT " + columns + ` FROM log.event_tags t
	CROSS JOIN LATERAL (SELECT * FROM log.events e WHERE e.position = t.position OFFSET 0) e
	WHERE t.tag_hash = $1 AND t.position > $2 AND $3 = ANY(string_to_array(e.tags, E'\n'))
	ORDER BY t.position LIMIT $4`

// Read returns up to limit events after the position, in order. A short page is the log's end.
func (s *Store) Read(ctx context.Context, after domain.Position, limit int) ([]protocol.Envelope, error) {
	return s.pageOf(ctx, limit, readPage, after, limit)
}

// IDAt is the id of the event at a position, [uuid.Nil] if there is none. Ids are not used again: whoever knows that
// id knows the log up to there, and not one that was set back to an earlier place and went on from there.
func (s *Store) IDAt(ctx context.Context, position domain.Position) (uuid.UUID, error) {
	if position < 1 {
		return uuid.Nil, nil
	}
	events, err := s.Read(ctx, position-1, 1)
	if err != nil || len(events) == 0 || events[0].Position != position {
		return uuid.Nil, err
	}
	return events[0].ID, nil
}

// ReadChanges returns the events after the position, in order: about limit of them, and
// no change in part, unless the position is inside one. end says that they are the last.
func (s *Store) ReadChanges(ctx context.Context, after domain.Position, limit int) (events []protocol.Envelope, end bool, err error) {
	events, err = s.Read(ctx, after, limit)
	if err != nil || len(events) < limit {
		return events, true, err
	}
	if whole := protocol.Whole(events); len(whole) > 0 {
		return whole, false, nil
	}
	last := &events[len(events)-1]
	rest, err := s.Read(ctx, last.Position, last.More)
	return append(events, rest...), false, err
}

// changeBefore is the end of the change before the one that the position is in.
const changeBefore = "SELECT coalesce((SELECT e.position FROM log.events e WHERE e.position < $1 AND e.more = 0 ORDER BY e.position DESC LIMIT 1), 0)"

// ReadChange returns all events of the change that the position is in, none for a position
// that the log does not have.
func (s *Store) ReadChange(ctx context.Context, position domain.Position) ([]protocol.Envelope, error) {
	if position < 1 {
		return nil, nil
	}
	around, err := s.Read(ctx, max(position-2, 0), int(min(position, 2)))
	if err != nil || len(around) == 0 || around[len(around)-1].Position != position {
		return nil, err
	}
	own := around[len(around)-1:]
	if end := own[0].ChangeEnd(); end > position || len(around) > 1 && around[0].More > 0 {
		before := position - 1
		if len(around) > 1 && around[0].More > 0 {
			if before, err = s.position(ctx, changeBefore, position); err != nil {
				return nil, err
			}
		}
		return s.Read(ctx, before, int(end-before))
	}
	return own, nil
}

const readAt = "SELECT " + columns + " FROM log.events e WHERE e.position = ANY ($1) ORDER BY e.position"

// ReadChangesAt returns the changes that some positions are in, each once and in the order of
// the log. It ends with the change with which they have more than limit events. A position that
// the log does not have adds nothing.
func (s *Store) ReadChangesAt(ctx context.Context, positions []domain.Position, limit int) ([]protocol.Envelope, error) {
	around := make([]int64, 0, 2*len(positions))
	for _, p := range positions {
		around = append(around, int64(p)-1, int64(p)) // the one before says whether p begins a change
	}
	list, err := s.pageOf(ctx, len(around), readAt, around)
	if err != nil {
		return nil, err
	}
	at := make(map[domain.Position]*protocol.Envelope, len(list))
	for i := range list {
		at[list[i].Position] = &list[i]
	}
	var all []protocol.Envelope
	last := domain.Position(0)
	for _, p := range slices.Sorted(slices.Values(positions)) {
		e := at[p]
		if p <= last || e == nil {
			continue
		}
		change := []protocol.Envelope{*e}
		if before := at[p-1]; e.More > 0 || before != nil && before.More > 0 {
			if change, err = s.ReadChange(ctx, p); err != nil {
				return nil, err
			}
		}
		all, last = append(all, change...), e.ChangeEnd()
		if len(all) > limit {
			break
		}
	}
	return all, nil
}

// ReadTag returns up to limit events with the tag after the position, in order.
func (s *Store) ReadTag(ctx context.Context, tag domain.Tag, after domain.Position, limit int) ([]protocol.Envelope, error) {
	return s.page(ctx, readTagPage, hashTag(tag), after, string(tag), limit)
}

func (s *Store) page(ctx context.Context, sql string, args ...any) ([]protocol.Envelope, error) {
	return s.pageOf(ctx, 16, sql, args...)
}

// pageOf makes room for the number of rows that is expected.
func (s *Store) pageOf(ctx context.Context, expected int, sql string, args ...any) ([]protocol.Envelope, error) {
	return s.pageWithin(ctx, expected, math.MaxInt, sql, args...)
}

// pageWithin ends with the event with which their data has so many bytes.
func (s *Store) pageWithin(ctx context.Context, expected, bytes int, sql string, args ...any) ([]protocol.Envelope, error) {
	var list []protocol.Envelope
	err := s.read(ctx, func(ctx context.Context) error {
		rows, err := s.reads.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		list, err = collectEnvelopes(rows, expected, bytes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return list, nil
}

// read runs a reading function, once more when its connection was lost: a
// restarted server leaves dead connections behind. It does not wait for a server
// that does not answer. The error is translated.
func (s *Store) read(ctx context.Context, f func(context.Context) error) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.Reachable(), cancel)()
	err := f(within)
	if errors.Is(err, ErrOtherLog) {
		return err
	}
	if err != nil && !definite(err) && within.Err() == nil {
		s.reads.Reset()
		err = f(within)
	}
	if ctx.Err() != nil {
		return ctx.Err() // the caller's own, the server is not to blame
	}
	return translate(err)
}

// Scan calls f with all events of after < position ≤ upTo, in order, in pages;
// while f works the next page is read. It ends at the log's end if that comes
// first, and with f's error. A page never ends inside a change, if upTo was the head's
// position at some time.
func (s *Store) Scan(ctx context.Context, after, upTo domain.Position, f func([]protocol.Envelope) error) error {
	ctx, cancel := context.WithCancel(ctx)
	pages := make(chan page)
	go func() {
		defer close(pages)
		s.prefetch(ctx, after, upTo, pages)
	}()
	defer func() {
		cancel()
		for range pages { // wait for the reader's end
		}
	}()
	for p := range pages {
		if p.err != nil {
			return p.err
		}
		if err := f(p.events); err != nil {
			return err
		}
	}
	return ctx.Err()
}

type page struct {
	events []protocol.Envelope
	err    error
}

func (s *Store) prefetch(ctx context.Context, after, upTo domain.Position, pages chan<- page) {
	for after < upTo {
		events, _, err := s.ReadChanges(ctx, after, int(min(upTo-after, scanPage)))
		if err == nil && len(events) == 0 {
			return
		}
		select {
		case pages <- page{events, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		after = events[len(events)-1].Position
	}
}

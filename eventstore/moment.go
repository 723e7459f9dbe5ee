package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// positionAt halves the log until one position is left. Times never fall along the log.
const positionAt = `WITH RECURSIVE part (low, high) AS (
		SELECT 0::bigint, h.position FROM log.head h
		UNION ALL
		SELECT CASE WHEN e.recorded_at <= $1 THEN m.middle ELSE p.low END, CASE WHEN e.recorded_at <= $1 THEN p.high ELSE m.middle - 1 END
		FROM part p CROSS JOIN LATERAL (SELECT (p.low + p.high + 1) / 2 AS middle) m
		CROSS JOIN LATERAL (SELECT recorded_at FROM log.events e WHERE e.position = m.middle OFFSET 0) e
		WHERE p.low < p.high)
	SELECT low FROM part WHERE low = high`

// PositionAt returns the position of the last event that was recorded at a time or before it,
// 0 if there is none.
func (s *Store) PositionAt(ctx context.Context, at time.Time) (domain.Position, error) {
	return s.position(ctx, positionAt, at)
}

// FirstSince returns the position of the first event up to a head that was recorded at a time or
// later, head+1 if there is none.
func (s *Store) FirstSince(ctx context.Context, head domain.Position, t time.Time) (domain.Position, error) {
	before, err := s.PositionAt(ctx, t.Add(-time.Nanosecond))
	return min(before, head) + 1, err
}

// EndOfChange returns the end of the last change that has no event behind the position, 0 if
// there is none.
func (s *Store) EndOfChange(ctx context.Context, p domain.Position) (domain.Position, error) {
	return s.position(ctx, changeBefore, p+1)
}

func (s *Store) position(ctx context.Context, sql string, args ...any) (p domain.Position, err error) {
	err = s.read(ctx, func(ctx context.Context) error { return s.reads.QueryRow(ctx, sql, args...).Scan(&p) })
	if err != nil {
		return 0, fmt.Errorf("read the log: %w", err)
	}
	return p, nil
}

package eventstore

import (
	"context"
	"fmt"
	"time"
)

// append hands the entry to the writer and waits for the writer's answer.
func (s *Store) append(ctx context.Context, e *entry) (answer, error) {
	e.since, e.done = time.Now(), make(chan answer, 1)
	if !s.box.put(e) {
		return answer{}, ErrUnavailable
	}
	select {
	case a := <-e.done:
		s.metrics.latency.Observe(time.Since(e.since).Seconds())
		return a, a.err
	case <-ctx.Done():
		if e.abandon() {
			return answer{}, ctx.Err()
		}
		return answer{}, fmt.Errorf("%w: %w", ErrUnknownOutcome, ctx.Err())
	}
}

// available says whether the database is thought to be there. An append would fail
// or wait otherwise, and its caller is told at once.
func (s *Store) available() bool { return !s.writer.down.Load() && !s.pulse.lost() }

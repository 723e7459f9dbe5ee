package projections

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/testkit"
)

// messyDiary leaves something to purge in every batch.
type messyDiary struct {
	diary
	purges atomic.Int64
}

func (d *messyDiary) Purge(ctx context.Context, tx pgx.Tx, schema string, limit int) (bool, error) {
	if d.purges.Add(1)%3 == 0 {
		return false, nil
	}
	_, err := tx.Exec(ctx, `UPDATE `+pgx.Identifier{schema, "pages"}.Sanitize()+` SET text = text WHERE position < $1`, limit)
	return true, err
}

// A leader with nothing to apply purges until nothing is left, and again after
// the next event.
func TestPurgeWhileIdle(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	m := &messyDiary{}
	r := p.process(t, m)
	for _, want := range []int64{3, 6} {
		r.await(t, p.tell(t, told{"a"}))
		testkit.Eventually(t, "everything is purged", func() bool { return m.purges.Load() >= want })
	}
	p.complete(t, 1)
}

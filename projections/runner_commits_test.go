package projections

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func envelopes(first, last domain.Position) []protocol.Envelope {
	var list []protocol.Envelope
	for p := first; p <= last; p++ {
		list = append(list, protocol.Envelope{Position: p})
	}
	return list
}

func TestCommitsAreKeptForALeaderOnly(t *testing.T) {
	t.Parallel()
	c := newCommits()
	c.put(envelopes(1, 2))
	if got := c.take(); got != nil {
		t.Errorf("%d batches kept for nobody", len(got))
	}
	c.listen(true)
	c.put(envelopes(3, 4))
	c.put(envelopes(5, 5))
	<-c.signal
	if got := c.take(); len(got) != 2 || got[0][0].Position != 3 || c.take() != nil {
		t.Errorf("took %v", got)
	}
	// What is too much leaves a gap, and the newest.
	for i := range domain.Position(3) {
		c.put(envelopes(i*commitsLimit/2+1, (i+1)*commitsLimit/2))
	}
	if got := c.take(); len(got) != 1 || got[0][0].Position != commitsLimit+1 {
		t.Errorf("%d batches after too many", len(got))
	}
	c.put(envelopes(1, 1))
	c.listen(false)
	c.listen(true)
	if got := c.take(); got != nil {
		t.Error("an earlier leader's commits are left")
	}
}

// A leader applies the commits of its own process without the stream, and follows
// the stream once another process has appended; the tables are the same.
func TestCommitsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	other := openStore(t, p.pool, testCodec(true))
	testkit.Background(t, other.Run)
	testkit.Background(t, eventstore.NewRelay(other, p.js, slog.New(slog.DiscardHandler), nil).Run)
	foreign := *p
	foreign.store = other
	r := p.process(t, &diary{})
	for range 20 {
		p.tell(t, mixed(5)...)
		r.await(t, foreign.tell(t, mixed(7)...))
		foreign.tell(t, told{"x"})
	}
	r.await(t, p.tell(t, mixed(3)...))
	p.complete(t, 1)
}

// Invariant of fencedTx: who lost the checkpoint has read and written nothing.
func TestFencedTransaction(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	if err := Prepare(t.Context(), p.pool, p.store, &diary{}); err != nil {
		t.Fatal(err)
	}
	s, err := openSession(t.Context(), p.pool, "fenced")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	row, err := readCheckpoint(t.Context(), s, "dns")
	if err != nil {
		t.Fatal(err)
	}
	page := func(tx pgx.Tx, position int) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO dns.pages VALUES ($1, 1, 'x')`, position)
		return err
	}
	batched := func(tx pgx.Tx, position int) error {
		b := &pgx.Batch{}
		b.Queue(`INSERT INTO dns.pages VALUES ($1, 1, 'x')`, position)
		return tx.SendBatch(t.Context(), b).Close()
	}
	copied := func(tx pgx.Tx, position int) error {
		_, err := tx.CopyFrom(t.Context(), pgx.Identifier{"dns", "pages"}, []string{"position", "version", "text"}, pgx.CopyFromRows([][]any{{position, 1, "x"}}))
		return err
	}
	from := func(c checkpoint) func(*pgx.Batch) {
		return func(b *pgx.Batch) { queueMove(b, "dns", c, c.position+1) }
	}
	stale := row
	stale.position = 77
	broken := errors.New("broken")
	for i, write := range []func(pgx.Tx, int) error{page, batched, copied} {
		if err := fenced(t.Context(), s.Conn, from(stale), func(tx pgx.Tx) error { return write(tx, i) }); !errors.Is(err, errLost) {
			t.Errorf("%d: a lost checkpoint gives %v", i, err)
		}
		if err := fenced(t.Context(), s.Conn, from(row), func(tx pgx.Tx) error { return errors.Join(write(tx, i), broken) }); !errors.Is(err, broken) {
			t.Errorf("%d: a failed model gives %v", i, err)
		}
		if err := fenced(t.Context(), s.Conn, from(row), func(tx pgx.Tx) error { return write(tx, 100+i) }); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		row.position++
	}
	if err := fenced(t.Context(), s.Conn, from(stale), func(pgx.Tx) error { return nil }); !errors.Is(err, errLost) {
		t.Errorf("a model that does nothing passes the fence: %v", err)
	}
	var pages, first int
	if err := p.pool.QueryRow(context.WithoutCancel(t.Context()), `SELECT count(*), min(position) FROM dns.pages`).Scan(&pages, &first); err != nil || pages != 3 || first != 100 {
		t.Errorf("%d pages from %d, %v", pages, first, err)
	}
}

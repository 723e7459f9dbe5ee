package eventstore

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/testkit"
)

// deafConn hears nothing any more once it is told so: what comes in gets lost
// after meanwhile has returned, and the connection with it. Later reads fail at
// once: pgx goes on to read from a connection that is lost, perhaps after the
// test's end, when what meanwhile waits for does not come any more.
type deafConn struct {
	*net.UnixConn
	deaf, lost atomic.Bool
	meanwhile  func()
}

func (c *deafConn) Read(b []byte) (int, error) {
	n, err := c.UnixConn.Read(b)
	if !c.deaf.Load() {
		return n, err
	}
	if !c.lost.Swap(true) {
		c.meanwhile()
	}
	return 0, io.EOF
}

// A batch is committed, and the answer does not arrive: it is found where it is, and
// is not appended again.
func TestCommittedUnheard(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	w := p.writer()
	conn := &deafConn{meanwhile: func() {
		testkit.Eventually(p.t, "it is committed", func() bool { h, err := p.a.Head(t.Context()); return err == nil && h.Position == 3 })
	}}
	dial := w.config.DialFunc
	w.config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if unix, ok := c.(*net.UnixConn); ok && conn.UnixConn == nil {
			conn.UnixConn = unix
			return conn, nil
		}
		return c, err
	}
	w.disconnect()
	if err := w.commit([]*entry{entryOf("k")}, nil); err != nil {
		t.Fatal(err)
	}
	conn.deaf.Store(true)
	e := entryOf("x")
	if err := w.append([]*entry{e}); err != nil {
		t.Fatal(err)
	}
	p.appended(2, e)
}

// A refusal while the outcome of a batch is looked up, here for want of the head's
// lock, says nothing about that batch: it is looked up again.
func TestRefusedLookup(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	w := p.writer()
	w.config.RuntimeParams["lock_timeout"] = "50"
	e := entryOf("x")
	sent := w.assume([]*entry{e})
	if o := transact(w.conn, w.compareAndWrite(sent)); o.err != nil {
		t.Fatal(o.err)
	}
	w.disconnect()
	release := p.hold()
	var wg sync.WaitGroup
	wg.Go(func() {
		defer release()
		seen := map[int32]bool{}
		testkit.Eventually(p.t, "it is looked up again", func() bool {
			rows, err := p.pool.Query(t.Context(), "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
			if err != nil {
				t.Error(err)
				return true
			}
			pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
			for _, pid := range pids {
				seen[pid] = true
			}
			return err != nil || len(seen) > 1 || len(e.done) > 0
		})
	})
	err := w.commit([]*entry{e}, sent)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	p.appended(1, e)
}

// A session that this process would not be able to end is used, but nothing is
// sent there before its transaction has the head's lock.
func TestSessionOutOfReach(t *testing.T) {
	t.Parallel()
	s := storeOf(t)
	t.Cleanup(func() { // roles are the whole server's
		if _, err := s.reads.Exec(context.Background(), "DROP OWNED BY acted_in; DROP ROLE acting, acted_in", pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Error(err)
		}
	})
	for _, sql := range []string{
		"CREATE ROLE acted_in", "GRANT USAGE ON SCHEMA log TO acted_in", "GRANT ALL ON ALL TABLES IN SCHEMA log TO acted_in",
		"GRANT USAGE ON SCHEMA cache TO acted_in", "GRANT ALL ON ALL TABLES IN SCHEMA cache TO acted_in",
		"CREATE ROLE acting LOGIN IN ROLE acted_in", "ALTER ROLE acting SET role = 'acted_in'",
	} {
		if _, err := s.reads.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	w := s.writer
	for _, c := range []struct {
		user    string
		trusted bool
	}{{w.config.User, true}, {"acting", false}} {
		w.config.User = c.user
		if err := w.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.trusted() != c.trusted {
			t.Errorf("%s may send without a look: %t", c.user, !c.trusted)
		}
		w.disconnect()
	}
}

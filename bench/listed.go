package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// runPages measures pages of a long list of tasks.
func (c *tasksCase) runPages(ctx context.Context, e *Env) error {
	pool, err := e.Database(ctx)
	if err != nil {
		return err
	}
	if err := c.loadList(ctx, e, pool); err != nil {
		return err
	}
	address, err := e.urlOf(pool)
	if err != nil {
		return err
	}
	p, err := startPlane(ctx, e, "--database-url", address)
	if err != nil {
		return err
	}
	f, err := openFleet(ctx, e, p, pretence{})
	if err != nil {
		return err
	}
	if err := f.relayed(ctx, e); err != nil {
		return err
	}
	s, err := p.login(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	for _, count := range c.sizes {
		if err := c.pagesOf(ctx, e, s, pool, count); err != nil {
			return err
		}
	}
	return nil
}

// loadList makes a log with so many tasks, and the read model from it.
func (c *tasksCase) loadList(ctx context.Context, e *Env, pool *pgxpool.Pool) error {
	store, err := runStore(ctx, e, pool)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := fillTasks(ctx, e, store, pool, int64(c.listed)); err != nil {
		return err
	}
	filled := time.Now()
	e.Progress("pages: computing the read model")
	if err := projections.Prepare(ctx, pool, store, opsmodel.New(oplog.NewUsernames(store), time.UTC)); err != nil {
		return err
	}
	projected := time.Since(filled)
	return e.Print(Line{
		Params: []Field{{"part", "pages, load"}, {"tasks", c.listed}},
		Result: []Field{{"fill_s", filled.Sub(began).Seconds()}, {"read_model_s", projected.Seconds()}, {"events_per_s", PerSecond(c.listed, projected)}},
	})
}

// urlOf is the address of a database of [Env.Database].
func (e *Env) urlOf(pool *pgxpool.Pool) (string, error) {
	u, err := url.Parse(e.server)
	if err != nil || u.Scheme == "" {
		return "", errors.New("--database-url: this case needs it in the form of a URL")
	}
	u.Path = "/" + pool.Config().ConnConfig.Database
	return u.String(), nil
}

// relayed waits until the control plane has nothing left to publish.
func (f *fleet) relayed(ctx context.Context, e *Env) error {
	head, err := f.store.Head(ctx)
	if err != nil {
		return err
	}
	e.Progress("pages: waiting for the stream to have the log")
	for {
		var last uint64
		stream, err := f.js.Stream(ctx, protocol.StreamEvents)
		if err == nil {
			last = stream.CachedInfo().State.LastSeq
		} else if !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		if domain.Position(last) >= head.Position {
			return nil
		}
		if !backoff.Sleep(ctx, 200*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// pagesOf reads pages of one size. The first and the last are among them.
func (c *tasksCase) pagesOf(ctx context.Context, e *Env, s *session, pool *pgxpool.Pool, count int) error {
	e.Progress("pages: of %d tasks", count)
	var took, bare Latencies
	for i := range c.pages {
		start := rand.N(c.listed)
		switch i {
		case 0:
			start = 0
		case 1:
			start = max(0, c.listed-count)
		}
		sent := time.Now()
		reply, err := s.conn.do(request{
			method: http.MethodGet, token: s.token, path: fmt.Sprintf("/api/task?start=%d&count=%d", start, count),
		})
		if err != nil {
			return err
		}
		took.Add(time.Since(sent))
		if want := min(count, c.listed-start); strings.Count(string(reply.body), `"task_id"`) != want {
			return fmt.Errorf("page at %d: not %d tasks: %s", start, want, firstOctets(reply.body, 300))
		}
		sent = time.Now()
		if err := bareRead(ctx, pool, start, count); err != nil {
			return err
		}
		bare.Add(time.Since(sent))
	}
	return e.Print(Line{
		Params:   []Field{{"part", "pages"}, {"tasks", c.listed}, {"count", count}},
		Result:   took.Fields(),
		Baseline: []Field{{"p50_ms", Milliseconds(bare.Percentile(50))}, {"p99_ms", Milliseconds(bare.Percentile(99))}},
		Ratio:    float64(took.Percentile(50)) / float64(max(bare.Percentile(50), 1)),
	})
}

// bareRead reads rows by their ids: a page for who knows where it begins.
func bareRead(ctx context.Context, pool *pgxpool.Pool, start, count int) error {
	rows, err := pool.Query(ctx, "SELECT * FROM ops.tasks WHERE id > $1 ORDER BY id LIMIT $2", start, count)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	return err
}

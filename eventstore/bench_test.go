package eventstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/privatepg"
	"github.com/opsledger/opsledger/migrations"
)

const benchWriters = 256

// durablePostgres is a server that really syncs, as in production.
func durablePostgres(b *testing.B) *pgxpool.Pool {
	b.Helper()
	dir, err := os.MkdirTemp("", "opsledger-bench-")
	if err != nil {
		b.Fatal(err)
	}
	s, err := privatepg.Start(b.Context(), privatepg.Config{Dir: filepath.Join(dir, "pg")})
	if err != nil {
		b.Fatal(err)
	}
	pool, err := pgxpool.New(b.Context(), s.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		pool.Close()
		if err := s.Stop(context.Background()); err != nil {
			b.Error(err)
		}
		os.RemoveAll(dir)
	})
	if err := migrations.Run(b.Context(), pool); err != nil {
		b.Fatal(err)
	}
	return pool
}

// BenchmarkAppend compares, in one run, what the store does with what the
// machine could do at most: events per second with 256 writers.
func BenchmarkAppend(b *testing.B) {
	pool := durablePostgres(b)
	s := run(b, pool)
	var n atomic.Int64
	tags := func() []domain.Tag {
		i := n.Add(1)
		return []domain.Tag{domain.Tag(fmt.Sprint("record:", i)), domain.Tag(fmt.Sprint("node:", i%100_000)), domain.Tag(fmt.Sprint("zone:", i%1000))}
	}
	text := fmt.Sprintf("%0150d", 1)
	b.Run("baseline", func(b *testing.B) { baseline(b, pool, text) })
	b.Run("unconditional", func(b *testing.B) {
		parallel(b, func() error {
			_, err := s.Execute(b.Context(), eventstore.Request{Door: domain.DoorSystem, Command: note(noted{Text: text, On: tags()})})
			return err
		})
	})
	b.Run("conditional", func(b *testing.B) {
		parallel(b, func() error {
			on := tags()
			_, err := s.Execute(b.Context(), eventstore.Request{Door: domain.DoorSystem, Command: deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
				return []domain.Event{noted{Text: text, On: on}}, h.Load(countOf(on[1], "Taken"), countOf(on[0]), countOf("user:1"))
			})})
			return err
		})
	})
}

// parallel runs f b.N times on benchWriters goroutines.
func parallel(b *testing.B, f func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for range benchWriters {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// baseline is a group commit that knows neither tags, conditions nor ids: a head and thin rows by unnest.
func baseline(b *testing.B, pool *pgxpool.Pool, text string) {
	ctx := b.Context()
	if _, err := pool.Exec(ctx, `DROP TABLE IF EXISTS thin, thin_head`); err != nil {
		b.Fatal(err)
	}
	for _, statement := range []string{"CREATE TABLE thin (position bigint PRIMARY KEY, data text)", "CREATE TABLE thin_head AS SELECT 0::bigint AS position"} {
		if _, err := pool.Exec(ctx, statement); err != nil {
			b.Fatal(err)
		}
	}
	queue, stop := make(chan chan error, benchWriters), make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		conn, err := pgx.Connect(ctx, pool.Config().ConnString())
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close(context.Background())
		for {
			var batch []chan error
			select {
			case first := <-queue:
				batch = append(batch, first)
			case <-stop:
				return
			}
			for len(queue) > 0 {
				batch = append(batch, <-queue)
			}
			err := thinCommit(ctx, conn, len(batch), text)
			for _, waiting := range batch {
				waiting <- err
			}
		}
	})
	parallel(b, func() error {
		done := make(chan error, 1)
		queue <- done
		return <-done
	})
	close(stop)
	writer.Wait()
}

func thinCommit(ctx context.Context, conn *pgx.Conn, n int, text string) error {
	var head int64
	var lock pgx.Batch
	lock.Queue("BEGIN")
	lock.Queue("SELECT position FROM thin_head FOR UPDATE").QueryRow(func(row pgx.Row) error { return row.Scan(&head) })
	if err := conn.SendBatch(ctx, &lock).Close(); err != nil {
		return err
	}
	positions, data := make([]int64, n), make([]string, n)
	for i := range n {
		positions[i], data[i] = head+int64(i)+1, text
	}
	var write pgx.Batch
	write.Queue("INSERT INTO thin SELECT * FROM unnest($1::bigint[], $2::text[])", positions, data)
	write.Queue("UPDATE thin_head SET position = $1", head+int64(n))
	write.Queue("COMMIT")
	return conn.SendBatch(ctx, &write).Close()
}

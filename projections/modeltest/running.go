package modeltest

import (
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
)

// Running is a log with its bus and the read models that follow it, until the test ends.
type Running struct {
	Pool     *pgxpool.Pool
	Store    *eventstore.Store
	JS       jetstream.JetStream
	Progress *projections.Progress
	// StopModels ends the read models' runners; what they have stays.
	StopModels func()
}

// Run opens the log of a database and follows it with read models.
func Run(t testing.TB, pool *pgxpool.Pool, models Models) *Running {
	t.Helper()
	ctx, quiet := t.Context(), slog.New(slog.DiscardHandler)
	store, err := open(ctx, pool)
	check(t, err)
	t.Cleanup(store.Close)
	testkit.Background(t, store.Run)

	nc := testkit.NATS(t)
	js := testkit.JetStream(t, nc)
	check(t, eventstore.EnsureStream(ctx, js, store, eventstore.StreamConfig{}))
	testkit.Background(t, eventstore.NewRelay(store, js, quiet, nil).Run)

	all := models(store)
	check(t, projections.Prepare(ctx, pool, store, all...))
	progress, err := projections.NewProgress(nc, store.LogID())
	check(t, err)
	t.Cleanup(progress.Close)
	var stops []func()
	for _, model := range all {
		runner := projections.NewRunner(projections.RunnerConfig{Pool: pool, Store: store, JS: js, Model: model, Progress: progress, Log: quiet})
		stops = append(stops, testkit.Background(t, runner.Run))
	}
	return &Running{Pool: pool, Store: store, JS: js, Progress: progress, StopModels: func() {
		for _, stop := range stops {
			stop()
		}
	}}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

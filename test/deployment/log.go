package deployment

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Log is an event log, open for reading beside the servers that write it.
type Log struct {
	t     testing.TB
	Pool  *pgxpool.Pool
	Store *eventstore.Store
}

// OpenLog opens the log in the database, until the test ends.
func OpenLog(t testing.TB, url string) *Log {
	t.Helper()
	pool := OpenPool(t, url)
	store, err := eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return &Log{t: t, Pool: pool, Store: store}
}

// OpenPool opens connections to the database, until the test ends.
func OpenPool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Head is the position of the last event.
func (l *Log) Head() int64 {
	l.t.Helper()
	head, err := l.Store.Head(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return int64(head.Position)
}

// Types are the types of the events with the tag, in order.
func (l *Log) Types(tag domain.Tag) []string {
	l.t.Helper()
	page, err := l.Store.ReadTag(l.t.Context(), tag, 0, 100)
	if err != nil {
		l.t.Fatal(err)
	}
	var types []string
	for _, e := range page {
		types = append(types, e.Type)
	}
	return types
}

package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
)

// told is an event of the context that diary projects.
type told struct {
	Text string `json:"text"`
}

func (told) EventType() string  { return "Told" }
func (told) Tags() []domain.Tag { return nil }
func (told) SubjectKey() int64  { return 0 }

// passed is an event of another context.
type passed struct{ told }

func (passed) EventType() string { return "Passed" }

// forgotten is an event that a later program cannot read.
type forgotten struct{ told }

func (forgotten) EventType() string { return "Forgotten" }

// diary is a model that keeps each event's text under its position, so that an
// event applied twice breaks a key and one left out leaves a hole.
type diary struct {
	version int
	// refuse, if set, makes Apply fail.
	refuse func(domain.Recorded) error
	// before, if set, runs at the begin of each Apply.
	before func(ctx context.Context) error
	// after, if set, gets the events of each Apply.
	after func([]domain.Recorded)
}

func (d *diary) Context() domain.Context { return domain.ContextDNS }
func (d *diary) Version() int            { return max(d.version, 1) }

func (d *diary) Create(ctx context.Context, tx pgx.Tx, schema string) error {
	_, err := tx.Exec(ctx, `CREATE TABLE `+pgx.Identifier{schema, "pages"}.Sanitize()+` (position bigint PRIMARY KEY, version int NOT NULL, text text NOT NULL)`)
	return err
}

func (d *diary) Apply(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) error {
	if d.before != nil {
		if err := d.before(ctx); err != nil {
			return err
		}
	}
	if d.after != nil {
		d.after(events)
	}
	var positions []int64
	var texts []string
	for _, e := range events {
		if d.refuse != nil {
			if err := d.refuse(e); err != nil {
				return err
			}
		}
		positions, texts = append(positions, int64(e.Position)), append(texts, e.Event.(told).Text)
	}
	_, err := tx.Exec(ctx, `INSERT INTO `+pgx.Identifier{schema, "pages"}.Sanitize()+` SELECT p, $1, t FROM unnest($2::bigint[], $3::text[]) AS e (p, t)`,
		d.Version(), positions, texts)
	return err
}

// plant is a database, a NATS server, and what a process runs on them.
type plant struct {
	pool  *pgxpool.Pool
	store *eventstore.Store
	nats  *embeddednats.Server
	js    jetstream.JetStream
	relay func(on bool)
	// poll, if set, is that of the runners.
	poll time.Duration
}

func testCodec(readable bool) *domain.Codec {
	list := []domain.Descriptor{domain.Describe[told](domain.ContextDNS), domain.Describe[passed](domain.ContextAccess)}
	if readable {
		list = append(list, domain.Describe[forgotten](domain.ContextDNS))
	}
	return domain.NewCodec(list)
}

func newPlant(t testing.TB) *plant {
	t.Helper()
	p := &plant{pool: testkit.Postgres(t), nats: testkit.NATSServer(t)}
	p.store = openStore(t, p.pool, testCodec(true))
	testkit.Background(t, p.store.Run)
	p.js = testkit.JetStream(t, testkit.Connect(t, p.nats))
	stop := func() {}
	p.relay = func(on bool) {
		stop()
		stop = func() {}
		if on {
			stop = testkit.Background(t, eventstore.NewRelay(p.store, p.js, slog.New(slog.DiscardHandler), nil).Run)
		}
	}
	p.relay(true)
	return p
}

func openStore(t testing.TB, pool *pgxpool.Pool, codec *domain.Codec) *eventstore.Store {
	t.Helper()
	s, err := eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: codec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

type deciding func() []domain.Event

func (f deciding) Decide(domain.History, domain.Env) ([]domain.Event, error) { return f(), nil }

// tell appends the events and returns the last position.
func (p *plant) tell(t testing.TB, events ...domain.Event) domain.Position {
	t.Helper()
	r, err := p.store.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: deciding(func() []domain.Event { return events })})
	if err != nil {
		t.Error(err)
		return 0
	}
	return r.Last
}

// mixed makes n events, every third of another context.
func mixed(n int) []domain.Event {
	list := make([]domain.Event, n)
	for i := range list {
		list[i] = told{Text: fmt.Sprint(i)}
		if i%3 == 2 {
			list[i] = passed{}
		}
	}
	return list
}

// process is a runner with a Progress and a connection of its own, as in another process.
type process struct {
	*Progress
	stop     func()
	registry *prometheus.Registry
}

func (p *plant) process(t testing.TB, m Model, change ...func(*RunnerConfig)) *process {
	t.Helper()
	nc := testkit.Connect(t, p.nats)
	js := testkit.JetStream(t, nc)
	progress, err := NewProgress(nc, p.store.LogID())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(progress.Close)
	registry := prometheus.NewRegistry()
	cfg := RunnerConfig{Pool: p.pool, Store: p.store, JS: js, Model: m, Progress: progress, Log: slog.New(slog.DiscardHandler), Registerer: registry}
	for _, f := range change {
		f(&cfg)
	}
	if err := Prepare(t.Context(), cfg.Pool, cfg.Store, m); err != nil {
		t.Fatal(err)
	}
	r := NewRunner(cfg)
	r.poll = cmp.Or(p.poll, r.poll)
	return &process{Progress: progress, registry: registry, stop: testkit.Background(t, r.Run)}
}

// await waits until the position is applied.
func (p *process) await(t testing.TB, position domain.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if err := p.Wait(ctx, domain.ContextDNS, position); err != nil {
		t.Fatalf("waiting for %d: %v; %d is applied", position, err, p.Applied(domain.ContextDNS))
	}
}

// complete checks that the tables hold exactly the log's events up to the head.
func (p *plant) complete(t testing.TB, version int) {
	t.Helper()
	var missing, versions int
	err := p.pool.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM (SELECT position, data->>'text' FROM log.events WHERE context = 'dns' EXCEPT SELECT position, text FROM dns.pages) m)
		+ (SELECT count(*) FROM (SELECT position, text FROM dns.pages EXCEPT SELECT position, data->>'text' FROM log.events WHERE context = 'dns') s),
		(SELECT count(*) FROM dns.pages WHERE version <> $1)`, version).Scan(&missing, &versions)
	if err != nil || missing != 0 || versions != 0 {
		t.Errorf("tables and log differ in %d rows, %d rows are of another version; %v", missing, versions, err)
	}
}

// gauge reads one metric.
func (p *process) gauge(t testing.TB, name string) float64 {
	t.Helper()
	families, err := p.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// flag is a switch that tests and models share.
type flag struct{ atomic.Bool }

var errRefused = errors.New("the model refuses")

package translog

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// system is a log with all that a Publisher needs.
type system struct {
	t     *testing.T
	pool  *pgxpool.Pool
	store *eventstore.Store
	vault *vault.Vault
	js    jetstream.JetStream
	key   string
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{t: t, pool: testkit.Postgres(t), key: filepath.Join(t.TempDir(), "vault.key")}
	var err error
	s.store, err = eventstore.Open(t.Context(), eventstore.Config{Pool: s.pool, Codec: testkit.Codec()})
	must(t, err)
	t.Cleanup(s.store.Close)
	testkit.Background(t, s.store.Run)
	s.vault, err = vault.Open(s.pool, s.key)
	must(t, err)
	s.js = testkit.JetStream(t, testkit.NATS(t))
	return s
}

// publisher returns one that is quick.
func (s *system) publisher(change ...func(*Config)) *Publisher {
	cfg := Config{
		Pool: s.pool, Store: s.store, Vault: s.vault, JS: s.js, Origin: DefaultOrigin(s.store.LogID()), KeyFile: s.key,
		Log: slog.New(slog.DiscardHandler), Every: 20 * time.Millisecond,
	}
	for _, f := range change {
		f(&cfg)
	}
	return NewPublisher(cfg)
}

func (s *system) reader() *Reader { return NewReader(s.pool, s.store) }

// record is an event with several tags.
func record(id int64) domain.Event {
	return dns.RecordAdded{ID: id, ZoneID: 3, Record: dns.RecordData{
		ViewID: 2, Host: "www", Type: "A", TTL: 60, Value: "192.0.2.1", Comment: "é",
	}}
}

// add appends a change of so many events.
func (s *system) add(n int) (last domain.Position) {
	s.t.Helper()
	var list testkit.Events
	for i := range n {
		if i%3 == 2 {
			list = append(list, access.UserLoggedIn{ID: 1})
		} else {
			list = append(list, record(int64(i+1)))
		}
	}
	receipt, err := s.store.Execute(s.t.Context(), eventstore.Request{Command: list, Actor: 1, Door: domain.DoorV1})
	must(s.t, err)
	return receipt.Last
}

// published waits for a checkpoint that covers the position.
func (s *system) published(position domain.Position) (c Checkpoint) {
	s.t.Helper()
	reader := s.reader()
	testkit.Eventually(s.t, "a checkpoint covers the position", func() bool {
		var err error
		c, err = reader.Checkpoint(s.t.Context())
		return err == nil && c.Size >= int64(position)
	})
	return c
}

// publishes returns the checkpoint that a Publisher has made over so many new events before it ended.
func (s *system) publishes(p *Publisher, n int) Checkpoint {
	s.t.Helper()
	stop := testkit.Background(s.t, p.Run)
	defer stop()
	return s.published(s.add(n))
}

// log reads all events.
func (s *system) log() (list []protocol.Envelope) {
	s.t.Helper()
	list, err := s.store.Read(s.t.Context(), 0, 100_000)
	must(s.t, err)
	return list
}

// headOf is the tree over the first events of the log.
func (s *system) headOf(size int64) Head {
	s.t.Helper()
	var tree Tree
	for _, e := range s.log()[:size] {
		tree.Add(eventstore.LeafHash(&e))
	}
	return Head{DefaultOrigin(s.store.LogID()), size, tree.Root()}
}

// sign signs any head with the log's keys.
func (s *system) sign(h Head) Checkpoint {
	s.t.Helper()
	keys, err := readKeys(s.t.Context(), s.store, s.vault)
	must(s.t, err)
	c, err := keys[len(keys)-1:].sign(h)
	must(s.t, err)
	return c
}

func (s *system) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.pool.Exec(s.t.Context(), sql, args...)
	must(s.t, err)
}

// lines are what was logged.
type lines struct{ testkit.Lines }

func (l *lines) set(c *Config) { c.Log = slog.New(slog.NewTextHandler(l, nil)) }

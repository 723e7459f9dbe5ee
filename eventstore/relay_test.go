package eventstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

var quiet = slog.New(slog.DiscardHandler)

// relay runs a relay and returns how to stop it; Run's error arrives on the channel.
func relay(t testing.TB, s *eventstore.Store, js jetstream.JetStream) (stop func(), ended <-chan error) {
	t.Helper()
	return runRelay(t, eventstore.NewRelay(s, js, quiet, prometheus.NewRegistry()))
}

func runRelay(t testing.TB, r *eventstore.Relay) (stop func(), ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() { end <- r.Run(ctx) })
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop, end
}

// awaitStream waits until the stream ends at the position and returns its info.
func awaitStream(t testing.TB, js jetstream.JetStream, last domain.Position) *jetstream.StreamInfo {
	t.Helper()
	var info *jetstream.StreamInfo
	testkit.Eventually(t, fmt.Sprintf("the stream ends at %d", last), func() bool {
		stream, err := js.Stream(t.Context(), protocol.StreamEvents)
		if err != nil { // there is none, or one that is just being made or deleted does not answer
			return false
		}
		info = stream.CachedInfo()
		return info.State.LastSeq == uint64(last)
	})
	return info
}

// sameAsLog checks that each message is the event whose position is its sequence.
func sameAsLog(t testing.TB, s *eventstore.Store, js jetstream.JetStream) {
	t.Helper()
	all := wholeLog(t, s)
	info := awaitStream(t, js, domain.Position(len(all)))
	if info.State.FirstSeq != 1 || info.State.Msgs != uint64(len(all)) || info.State.NumDeleted != 0 {
		t.Errorf("the stream holds %d messages from %d, %d deleted; the log has %d events", info.State.Msgs, info.State.FirstSeq, info.State.NumDeleted, len(all))
	}
	stream, err := js.Stream(t.Context(), protocol.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		m, err := stream.GetMsg(t.Context(), uint64(e.Position))
		if err != nil {
			t.Fatal(err)
		}
		var got protocol.Envelope
		if err := json.Unmarshal(m.Data, &got); err != nil {
			t.Fatal(err)
		}
		if got.Position != e.Position || got.ID != e.ID || string(got.Data) != string(e.Data) || !got.RecordedAt.Equal(e.RecordedAt) || m.Subject != protocol.Subject(e) {
			t.Fatalf("message %d on %s is %+v, the event %+v", e.Position, m.Subject, got, e)
		}
	}
}

func notes(n int) domain.Command {
	events := make([]domain.Event, n)
	for i := range events {
		events[i] = noted{ID: int64(i), Text: "<ä>\u2028"}
	}
	return note(events...)
}

func TestRelayPublishesOwnCommitsAtOnce(t *testing.T) {
	t.Parallel()
	s, js := run(t, testkit.Postgres(t)), testkit.JetStream(t, testkit.NATS(t))
	r := eventstore.NewRelay(s, js, quiet, prometheus.NewRegistry())
	r.NeverPoll()
	runRelay(t, r)
	for n := range 20 {
		execute(t, s, notes(1))
		awaitStream(t, js, domain.Position(n+1))
	}
	sameAsLog(t, s, js)
}

// Two processes append and publish at the same time.
func TestRelaysRace(t *testing.T) {
	t.Parallel()
	pool, nats := testkit.Postgres(t), testkit.NATSServer(t)
	stores := make([]*eventstore.Store, 3)
	var js jetstream.JetStream
	for i := range stores {
		stores[i] = run(t, pool)
		js = testkit.JetStream(t, testkit.Connect(t, nats))
		relay(t, stores[i], js)
	}
	var wg sync.WaitGroup
	for _, s := range stores {
		for range 4 {
			wg.Go(func() {
				for range 40 {
					if _, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: notes(2)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	sameAsLog(t, stores[0], js)
}

// A process that committed and died leaves its events to the others' polls.
func TestRelayPublishesWhatOthersLeftBehind(t *testing.T) {
	t.Parallel()
	pool, js := testkit.Postgres(t), testkit.JetStream(t, testkit.NATS(t))
	relay(t, open(t, pool), js)
	awaitStream(t, js, 0)
	other := run(t, pool)
	execute(t, other, notes(2_500))
	sameAsLog(t, other, js)
}

func TestLostStreamIsRefilled(t *testing.T) {
	t.Parallel()
	s, js := run(t, testkit.Postgres(t)), testkit.JetStream(t, testkit.NATS(t))
	relay(t, s, js)
	execute(t, s, notes(1_500))
	awaitStream(t, js, 1_500)
	for i := range 3 {
		if err := js.DeleteStream(t.Context(), protocol.StreamEvents); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // otherwise an idle relay has to find out by itself
			execute(t, s, notes(1))
		}
		awaitStream(t, js, domain.Position(1_500+i))
	}
	sameAsLog(t, s, js)
}

// The NATS server is stopped and started again, once on its old storage and once
// on an empty one, while the relay runs and events are appended.
func TestRelayWaitsForJetStream(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	dir := t.TempDir()
	listen := testkit.Address(t)
	start := func(dir string) *embeddednats.Server {
		server, err := embeddednats.Start(embeddednats.Config{Dir: dir, Listen: listen})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Stop)
		return server
	}
	server := start(dir)
	nc, err := nats.Connect(server.URL(), nats.Timeout(testkit.Patience), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	relay(t, s, testkit.JetStream(t, nc))
	for _, next := range []string{dir, t.TempDir()} {
		execute(t, s, notes(3))
		sameAsLog(t, s, testkit.JetStream(t, testkit.Connect(t, server)))
		server.Stop()
		execute(t, s, notes(3))
		server = start(next)
	}
	execute(t, s, notes(3))
	sameAsLog(t, s, testkit.JetStream(t, testkit.Connect(t, server)))
}

// The end of the log that was published is not in the database any more.
func TestRelayRefusesToMixHistories(t *testing.T) {
	t.Parallel()
	js := testkit.JetStream(t, testkit.NATS(t))
	pool := testkit.Postgres(t)
	s := run(t, pool)
	execute(t, s, notes(2))
	backup := backupOf(t, pool)
	stop, _ := relay(t, s, js)
	execute(t, s, notes(3))
	awaitStream(t, js, 5)
	stop()

	restored := run(t, backup)
	if err := eventstore.EnsureStream(t.Context(), js, restored, eventstore.StreamConfig{}); !errors.Is(err, eventstore.ErrStreamAhead) {
		t.Errorf("EnsureStream: %v, want ErrStreamAhead", err)
	}
	_, ended := relay(t, restored, js)
	if err := <-ended; !errors.Is(err, eventstore.ErrStreamAhead) {
		t.Errorf("Run: %v, want ErrStreamAhead", err)
	}
	execute(t, restored, notes(4))
	for name, err := range map[string]error{
		"EnsureStream": eventstore.EnsureStream(t.Context(), js, restored, eventstore.StreamConfig{}),
		"Recover":      second(eventstore.Recover(t.Context(), restored, js)),
	} {
		if !errors.Is(err, eventstore.ErrStreamDiverged) {
			t.Errorf("%s: %v, want ErrStreamDiverged", name, err)
		}
	}
	_, ended = relay(t, restored, js)
	if err := <-ended; !errors.Is(err, eventstore.ErrStreamDiverged) {
		t.Errorf("Run: %v, want ErrStreamDiverged", err)
	}
	sameAsLog(t, s, js)
}

func second[T any](_ T, err error) error { return err }

// backupOf copies the log, as it is now, to another database.
func backupOf(t testing.TB, from *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	to := testkit.Postgres(t)
	if _, err := to.Exec(t.Context(), "SELECT log.extend(1, $1)", eventstore.DefaultPartitionSize); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"log.head", "log.events", "log.event_tags", "cache.commands"} {
		var rows bytes.Buffer
		copyTable := func(pool *pgxpool.Pool, f func(*pgconn.PgConn) error) {
			if err := pool.AcquireFunc(t.Context(), func(c *pgxpool.Conn) error { return f(c.Conn().PgConn()) }); err != nil {
				t.Fatal(err)
			}
		}
		copyTable(from, func(c *pgconn.PgConn) error {
			return second(c.CopyTo(t.Context(), &rows, "COPY (SELECT * FROM "+table+") TO STDOUT"))
		})
		copyTable(to, func(c *pgconn.PgConn) error {
			return second(c.CopyFrom(t.Context(), &rows, "COPY "+table+" FROM STDIN"))
		})
	}
	return to
}

func TestEnsureStream(t *testing.T) {
	t.Parallel()
	pool, js := testkit.Postgres(t), testkit.JetStream(t, testkit.NATS(t))
	s := run(t, pool)
	ensure := func(cfg eventstore.StreamConfig) *jetstream.StreamInfo {
		t.Helper()
		if err := eventstore.EnsureStream(t.Context(), js, s, cfg); err != nil {
			t.Fatal(err)
		}
		stream, err := js.Stream(t.Context(), protocol.StreamEvents)
		if err != nil {
			t.Fatal(err)
		}
		return stream.CachedInfo()
	}
	info := ensure(eventstore.StreamConfig{})
	if c := info.Config; !c.DenyDelete || !c.DenyPurge || !c.AllowDirect || c.Storage != jetstream.FileStorage || c.Metadata[protocol.MetadataLog] != s.LogID().String() {
		t.Errorf("created as %+v", c)
	}
	if info = ensure(eventstore.StreamConfig{MaxMsgs: 9, MaxAge: time.Hour}); info.Config.MaxMsgs != 9 || info.Config.MaxAge != time.Hour {
		t.Errorf("changed to %+v", info.Config)
	}
	if err := js.DeleteStream(t.Context(), protocol.StreamEvents); err != nil {
		t.Fatal(err)
	}
	execute(t, s, notes(50))
	for _, c := range []struct {
		cfg  eventstore.StreamConfig
		want uint64
	}{
		{eventstore.StreamConfig{MaxMsgs: 9}, 41}, {eventstore.StreamConfig{MaxMsgs: 90}, 0},
		{eventstore.StreamConfig{MaxAge: time.Hour}, 0}, {eventstore.StreamConfig{MaxAge: 100 * time.Millisecond}, 50},
	} {
		t.Run(fmt.Sprint(c.cfg), func(t *testing.T) {
			if c.cfg.MaxAge > 0 && c.cfg.MaxAge < time.Second {
				time.Sleep(2 * c.cfg.MaxAge) // the events have to become that old
			}
			info := ensure(c.cfg)
			if info.State.LastSeq != max(c.want, 1)-1 && info.State.LastSeq != c.want {
				t.Errorf("a new stream begins after %d, want %d", info.State.LastSeq, c.want)
			}
			if err := js.DeleteStream(t.Context(), protocol.StreamEvents); err != nil {
				t.Fatal(err)
			}
		})
	}
	stranger := run(t, testkit.Postgres(t))
	ensure(eventstore.StreamConfig{})
	if err := eventstore.EnsureStream(t.Context(), js, stranger, eventstore.StreamConfig{}); !errors.Is(err, eventstore.ErrForeignStream) {
		t.Errorf("error %v, want ErrForeignStream", err)
	}
}

// A relay with a bounded stream publishes from the first event that it keeps.
func TestBoundedStreamIsRefilledInPart(t *testing.T) {
	t.Parallel()
	s, js := run(t, testkit.Postgres(t)), testkit.JetStream(t, testkit.NATS(t))
	execute(t, s, notes(100))
	r := eventstore.NewRelay(s, js, quiet, nil).WithStream(eventstore.StreamConfig{MaxMsgs: 10})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	info := awaitStream(t, js, 100)
	if info.State.FirstSeq != 91 {
		t.Errorf("the stream begins at %d, want 91", info.State.FirstSeq)
	}
	stop()
	wg.Wait()
}

// A stream that refuses events is noticed, and is no trouble any more once it takes them.
func TestRelayKnowsItsTrouble(t *testing.T) {
	t.Parallel()
	pool, js := testkit.Postgres(t), testkit.JetStream(t, testkit.NATS(t))
	s := run(t, pool)
	r := eventstore.NewRelay(s, js, quiet, nil)
	runRelay(t, r)
	execute(t, s, note(noted{}))
	awaitStream(t, js, 1)
	bound := func(size int32) {
		t.Helper()
		stream, err := js.Stream(t.Context(), protocol.StreamEvents)
		if err != nil {
			t.Fatal(err)
		}
		cfg := stream.CachedInfo().Config
		cfg.MaxMsgSize = size
		if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	bound(1)
	execute(t, s, note(noted{}))
	testkit.Eventually(t, "the relay has trouble", func() bool { return r.Trouble() != nil })
	bound(-1)
	awaitStream(t, js, 2)
	testkit.Eventually(t, "the relay has none", func() bool { return r.Trouble() == nil })
}

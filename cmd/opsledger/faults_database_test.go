package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/privatepg"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// Without Postgres every write and every read says 503 and why, at once; what
// named serves stays. When Postgres is back everything goes on by itself.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	pg := outsidePostgres(t)
	cfg := testConfig(t.TempDir())
	cfg.DatabaseURL = pg.url()
	s := startServer(t, cfg, true)
	zone := s.worldWithRecord("example.com", "192.0.2.1")
	for round := range 2 {
		host := fmt.Sprint("host", round)
		pg.stop()
		// A request that hung would run into this, before the server's own limit.
		s.client.Timeout = 20 * time.Second
		for _, request := range [][3]string{
			{http.MethodPost, "/dns/records", recordBody(host, "192.0.2.2", zone)}, {http.MethodDelete, "/dns/zones/" + zone, ""},
			{http.MethodGet, "/dns/records", ""}, {http.MethodGet, "/dns/zones/" + zone, ""}, {http.MethodGet, "/dns/oplogs", ""},
			{http.MethodGet, "/dns/bind_conf", ""}, {http.MethodPost, "/auth/login_local", `{"username":"admin","password":"` + testPassword + `"}`},
			{http.MethodPost, "/dns/records", recordBody(host, "192.0.2.2", zone)},
		} {
			reply, body := s.call(request[0], request[1], request[2])
			if reply.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "the database is not available") || reply.Header.Get("Retry-After") == "" {
				t.Errorf("%s %s: status %d: %s", request[0], request[1], reply.StatusCode, body)
			}
		}
		if reply, body := s.call(http.MethodGet, "/readyz", ""); reply.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "PostgreSQL") {
			t.Errorf("readyz: %d %s", reply.StatusCode, body)
		}
		s.wantAnswer("www.example.com.", "A", "192.0.2.1")

		s.client.Timeout = testkit.Patience
		pg.start()
		var position string
		eventually(t, "a write is taken again", func() bool {
			reply, body := s.call(http.MethodPost, "/dns/records", recordBody(host, "192.0.2.2", zone))
			if reply.StatusCode != http.StatusOK && reply.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("status %d: %s", reply.StatusCode, body)
			}
			position = reply.Header.Get("Opsledger-Position")
			return reply.StatusCode == http.StatusOK
		})
		s.live(position)
		s.wantAnswer(host+".example.com.", "A", "192.0.2.2")
		s.wantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"total":%d`, round+2), host)
		s.wantBody("/readyz")
	}
	sameAsReplay(t, s.app.store, s.app.db.pool)
}

// postgres is an outside server that a test stops and starts.
type postgres struct {
	t      *testing.T
	dir    string
	server *privatepg.Server
}

func outsidePostgres(t *testing.T) *postgres {
	t.Helper()
	// The path of its socket must be short to be the same each time.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{t: t, dir: filepath.Join(dir, "pg")}
	t.Cleanup(func() {
		p.stop()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil { // where postgres must be another user
		t.Fatal(err)
	}
	p.start()
	return p
}

func (p *postgres) url() string { return p.server.URL() }

func (p *postgres) start() {
	p.t.Helper()
	var err error
	if p.server, err = privatepg.Start(p.t.Context(), privatepg.Config{Dir: p.dir}); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the postmaster at once; it is started again.
func (p *postgres) kill() {
	p.t.Helper()
	if err := syscall.Kill(runningPID(p.t, p.pidFile(), "postgres"), syscall.SIGKILL); err != nil {
		p.t.Error(err)
	}
}

func (p *postgres) pidFile() string { return filepath.Join(p.dir, "data", "postmaster.pid") }

func (p *postgres) stop() {
	p.t.Helper()
	if p.server == nil {
		return
	}
	if err := p.server.Stop(context.WithoutCancel(p.t.Context())); err != nil {
		p.t.Error(err)
	}
	p.server = nil
}

// Two serve processes have one Postgres and one NATS in common, so two relays
// and two runners of each context are at work; one goes in the middle. Nothing
// is published, projected or lost twice.
func TestTwoServesShareEverything(t *testing.T) {
	t.Parallel()
	bus := startNATS(t)
	url, keys := testkit.PostgresURL(t), filepath.Join(t.TempDir(), "vault.key")
	var both [2]*devServer
	for i := range both {
		cfg := testConfig(t.TempDir())
		cfg.DatabaseURL, cfg.NATSURL, cfg.KeyFile = url, bus.url(), keys
		both[i] = startServer(t, cfg, false)
	}
	a, b := both[0], both[1]
	view := a.created(a.post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := b.created(b.post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	const writers, each = 6, 25
	fill := func(servers []*devServer, part string) {
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					s := servers[(w+i)%len(servers)]
					if reply, body := s.call(http.MethodPost, "/dns/records", recordBody(fmt.Sprintf("%s-%d-%d", part, w, i), "192.0.2.1", zone)); reply.StatusCode != http.StatusOK {
						t.Errorf("status %d: %s", reply.StatusCode, body)
					}
				}
			})
		}
		wg.Wait()
	}
	fill(both[:], "two")
	a.stop()
	fill(both[1:], "one")
	b.wantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"total":%d`, 2*writers*each))
	sameAsReplay(t, b.app.store, b.app.db.pool)
	b.sameInStream()
}

// sameInStream wants each message of the stream to be the event of its sequence.
func (s *devServer) sameInStream() {
	s.t.Helper()
	head := s.head()
	stream, err := s.app.bus.js.Stream(s.t.Context(), protocol.StreamEvents)
	if err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "the stream has the whole log", func() bool {
		info, err := stream.Info(s.t.Context())
		return err == nil && info.State.LastSeq >= uint64(head)
	})
	if state := stream.CachedInfo().State; state.LastSeq != uint64(head) || state.Msgs != uint64(head) {
		s.t.Errorf("the stream has %d messages up to %d; the log %d events", state.Msgs, state.LastSeq, head)
	}
	log, err := s.app.store.Read(s.t.Context(), 0, int(head))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range log {
		m, err := stream.GetMsg(s.t.Context(), uint64(e.Position))
		if err != nil || !strings.Contains(string(m.Data), e.ID.String()) {
			s.t.Fatalf("message %d is not event %s: %v", e.Position, e.ID, err)
		}
	}
}

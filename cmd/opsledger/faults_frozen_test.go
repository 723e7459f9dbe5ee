package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// A Postgres that is frozen keeps all connections and answers nothing. Whoever
// waits for it is told so within a bounded time, whoever comes then at once; when it
// goes on, everything does, and what had been sent to it has happened once or not
// at all.
func TestPostgresFrozen(t *testing.T) {
	t.Parallel()
	pg := outsidePostgres(t)
	proxy := newPostgresProxy(t, pg.url())
	cfg := testConfig(t.TempDir())
	cfg.DatabaseURL = proxy.url()
	s := startServer(t, cfg, true)
	zone := s.worldWithRecord("example.com", "192.0.2.1")

	// One is committed when it freezes, but nobody is told. It waits until it is, and
	// never hears that it was not taken.
	var sent, wg sync.WaitGroup
	committed, release := proxy.hold("committed")
	sent.Go(func() {
		reply, body, err := s.ask(http.MethodPost, "/dns/records", recordBody("committed", "192.0.2.2", zone), "")
		if err != nil || reply.StatusCode != http.StatusOK {
			t.Errorf("what was committed: %v, %s", err, body)
		}
	})
	select {
	case <-committed:
	case <-time.After(testkit.Patience):
		t.Fatal("nothing is committed")
	}
	thaw := freezePostgres(t, pg.pidFile())
	t.Cleanup(thaw) // else it could not be stopped

	// Those who are there when it freezes. A hanging one would run into the client's limit of 30 s.
	for i := range 3 {
		key := fmt.Sprint("frozen", i)
		wg.Go(func() {
			reply, body, err := s.ask(http.MethodPost, "/dns/records", recordBody(key, "192.0.2.2", zone), key)
			wantAway(t, "write", reply, body, err)
		})
	}
	for _, target := range []string{"/dns/records", "/dns/zones/" + zone, "/dns/oplogs", "/dns/bind_conf"} {
		wg.Go(func() {
			reply, body, err := s.ask(http.MethodGet, target, "", "")
			wantAway(t, target, reply, body, err)
		})
	}
	// And those who come until it is noticed: what is remembered of tokens and
	// users gets too old meanwhile. They could add nothing: there is no such zone.
	const meanwhile = 250 * time.Millisecond
	for tick := time.NewTicker(meanwhile); s.app.store.Reachable().Err() == nil; <-tick.C {
		wg.Go(func() {
			reply, body, err := s.ask(http.MethodPost, "/dns/records", recordBody("meanwhile", "192.0.2.2", "999"), "")
			wantAway(t, "meanwhile", reply, body, err)
		})
	}
	eventually(t, "it is noticed", func() bool {
		reply, body, err := s.ask(http.MethodGet, "/readyz", "", "")
		return err == nil && reply.StatusCode == http.StatusServiceUnavailable && strings.Contains(body, "PostgreSQL does not answer")
	})
	s.client.Timeout = 20 * time.Second // within the limit of a request
	for range 3 {
		reply, body, err := s.ask(http.MethodGet, "/dns/records", "", "")
		wantAway(t, "later read", reply, body, err)
		reply, body, err = s.ask(http.MethodPost, "/dns/records", recordBody("later", "192.0.2.2", zone), "")
		wantAway(t, "later write", reply, body, err)
		reply, body, err = s.ask(http.MethodPost, "/auth/login_local", `{}`, "") // is not even looked at
		wantAway(t, "later nonsense", reply, body, err)
	}
	s.client.Timeout = testkit.Patience
	s.wantAnswer("www.example.com.", "A", "192.0.2.1")
	wg.Wait()

	thaw()
	release()
	sent.Wait()
	var last *http.Response
	for i := range 3 {
		key := fmt.Sprint("frozen", i)
		eventually(t, "a write is taken again", func() bool {
			reply, body, err := s.ask(http.MethodPost, "/dns/records", recordBody(key, "192.0.2.2", zone), key)
			if err != nil || reply.StatusCode != http.StatusOK && reply.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("%v: %s", err, body)
			}
			last = reply
			return reply.StatusCode == http.StatusOK
		})
	}
	s.live(last.Header.Get("Opsledger-Position"))
	s.wantAnswer("frozen0.example.com.", "A", "192.0.2.2")
	s.wantBody("/dns/records?zone_id="+zone, `"total":5`)
	if reply, body := s.call(http.MethodGet, "/readyz", ""); reply.StatusCode != http.StatusOK {
		t.Errorf("readyz: %d %s", reply.StatusCode, body)
	}
	sameAsReplay(t, s.app.store, s.app.db.pool)
}

// wantAway wants a reply that says that the database is away, or that nobody
// knows whether it has made the change.
func wantAway(t *testing.T, what string, reply *http.Response, body string, err error) {
	t.Helper()
	switch {
	case err != nil:
		t.Errorf("%s: %v", what, err)
	case reply.StatusCode != http.StatusServiceUnavailable || reply.Header.Get("Retry-After") == "",
		!strings.Contains(body, "the database is not available") && !strings.Contains(body, "repeat it with the same Idempotency-Key"):
		t.Errorf("%s: status %d: %s", what, reply.StatusCode, body)
	}
}

// A serve whose runners lead freezes; the other's act beside it. When it goes on,
// it does so from where the tables are, not from where it was.
func TestLeadingServeFrozen(t *testing.T) {
	t.Parallel()
	bus := startNATS(t)
	url, keys := testkit.PostgresURL(t), filepath.Join(t.TempDir(), "vault.key")
	var both [2]*serving
	for i, name := range []string{"leader", "standby"} {
		both[i] = newServing(t, name, "--database-url", url, "--nats-url", bus.url(), "--key-file", keys)
		both[i].start() // the first takes the lead
		both[i].login()
	}
	leader, standby := both[0], both[1]
	view := leader.created(leader.post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := standby.created(standby.post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	records := 0
	add := func(s *serving, n int) {
		for range n {
			records++
			s.post("/dns/records", recordBody(fmt.Sprint("host", records), "192.0.2.1", zone))
		}
	}
	add(leader, 5)
	add(standby, 5)
	if err := leader.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = leader.process.Signal(syscall.SIGCONT) }) // else it could not be stopped
	add(standby, 20)
	eventually(t, "the other runner acts", func() bool {
		_, body := standby.call(http.MethodGet, "/dns/records?zone_id="+zone, "")
		return strings.Contains(body, fmt.Sprintf(`"total":%d`, records))
	})
	if err := leader.process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	add(standby, 5)
	add(leader, 5)
	for _, s := range both {
		s.wantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"total":%d`, records))
		if reply, body := s.call(http.MethodGet, "/readyz", ""); reply.StatusCode != http.StatusOK {
			t.Errorf("readyz: %d %s", reply.StatusCode, body)
		}
	}
	pool := openPool(t, url)
	store := openLogOf(t, pool)
	sameAsReplay(t, store, pool)
}

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// A write is committed, and serve or PostgreSQL is killed before anybody was
// told. Whoever still waits, or repeats it under its Idempotency-Key, gets the
// reply that there would have been; it happens once.
func TestKilledBetweenCommitAndAnswer(t *testing.T) {
	t.Parallel()
	pg := outsidePostgres(t)
	proxy := newPostgresProxy(t, pg.url())
	s := newServing(t, "serve", "--nats-listen", "127.0.0.1:0", "--database-url", proxy.url())
	s.start()
	s.login()
	view := s.created(s.post("/dns/views", `{"name":"office","acl":"any"}`))
	added := s.post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view))
	zone, before := s.created(added), position(t, added)
	type reply struct {
		*http.Response
		body string
		err  error
	}
	write := func(host, key string) (r reply) {
		r.Response, r.body, r.err = s.ask(http.MethodPost, "/dns/records", recordBody(host, "192.0.2.1", zone), key)
		return r
	}
	commit := func(host, key string) <-chan reply {
		committed, answered := proxy.keep(host), make(chan reply, 1)
		go func() { answered <- write(host, key) }()
		select {
		case <-committed:
		case <-time.After(testkit.Patience):
			t.Fatalf("%s is not committed", host)
		}
		return answered
	}

	answered := commit("serve-dies", "key")
	s.kill()
	if r := <-answered; r.err == nil {
		t.Fatalf("a dead process says %d: %s", r.StatusCode, r.body)
	}
	s.start()
	first := write("serve-dies", "key")
	if first.err != nil || first.StatusCode != http.StatusOK || position(t, first.Response) != before+1 {
		t.Fatalf("repeated: %v, %+v", first.err, first)
	}
	again := write("serve-dies", "key")
	for _, name := range []string{"Opsledger-Position", "Location", "ETag"} {
		if again.err != nil || again.body != first.body || again.Header.Get(name) == "" || again.Header.Get(name) != first.Header.Get(name) {
			t.Errorf("repeated twice: %v, %+v, before it was %+v", again.err, again, first)
		}
	}

	answered = commit("postgres-dies", "")
	pg.kill()
	if r := <-answered; r.err != nil || r.StatusCode != http.StatusOK || position(t, r.Response) != before+2 {
		t.Errorf("%v, %+v", r.err, r)
	}
	// The log is written again as soon as PostgreSQL is there; reads are let through
	// after another look at it, and have what they wait for no longer than usual.
	eventually(t, "it is read", func() bool {
		_, body := s.call(http.MethodGet, "/dns/records", "")
		return strings.Contains(body, "postgres-dies")
	})
	s.wantBody("/dns/records", `"total":2`, "serve-dies", "postgres-dies")
	s.wantBody("/dns/oplogs?operator=admin&target_type=Record", `"total":2`)
	pool := openPool(t, pg.url())
	store := openLogOf(t, pool)
	if head, err := store.Head(t.Context()); err != nil || int64(head.Position) != before+2 {
		t.Errorf("the log ends at %d, %v", head.Position, err)
	}
	sameAsReplay(t, store, pool)
}

package system

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A Postgres that is frozen keeps all connections and answers nothing. Whoever
// waits for it is told so within a bounded time, whoever comes then at once; when it
// goes on, everything does, and what had been sent to it has happened once or not
// at all.
func TestPostgresFrozen(t *testing.T) {
	t.Parallel()
	pg := deployment.StartPostgres(t)
	proxy := deployment.NewPostgresProxy(t, pg.URL())
	s := deployment.StartDev(t, t.TempDir(), "--database-url", proxy.URL())
	zone := s.MakeLiveZone("example.com", "192.0.2.1")

	// One is committed when it freezes, but nobody is told. It waits until it is, and
	// never hears that it was not taken.
	var sent, wg sync.WaitGroup
	committed, release := proxy.Hold("committed")
	sent.Go(func() {
		reply, body, err := s.Ask(http.MethodPost, "/dns/records", deployment.RecordBody("committed", "192.0.2.2", zone), "")
		if err != nil || reply.StatusCode != http.StatusOK {
			t.Errorf("what was committed: %v, %s", err, body)
		}
	})
	testkit.Await(t, "it is committed", committed)
	thaw := pg.Freeze()

	// Those who are there when it freezes. A hanging one would run into the client's limit of 30 s.
	for i := range 3 {
		key := fmt.Sprint("frozen", i)
		wg.Go(func() {
			reply, body, err := s.Ask(http.MethodPost, "/dns/records", deployment.RecordBody(key, "192.0.2.2", zone), key)
			wantAway(t, "write", reply, body, err)
		})
	}
	for _, target := range []string{"/dns/records", "/dns/zones/" + zone, "/dns/oplogs", "/dns/bind_conf"} {
		wg.Go(func() {
			reply, body, err := s.Ask(http.MethodGet, target, "", "")
			wantAway(t, target, reply, body, err)
		})
	}
	// And those who come until it is noticed: what is remembered of tokens and
	// users gets too old meanwhile. They could add nothing: there is no such zone.
	const meanwhile = 250 * time.Millisecond
	noticed := make(chan struct{})
	wg.Go(func() {
		defer close(noticed)
		reply, body, err := s.Ask(http.MethodGet, "/readyz", "", "")
		for err == nil && reply.StatusCode == http.StatusOK {
			reply, body, err = s.Ask(http.MethodGet, "/readyz", "", "")
		}
		if err != nil || reply.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "PostgreSQL does not answer") {
			t.Errorf("readyz: %v, %s", err, body)
		}
	})
	for waiting := true; waiting; {
		wg.Go(func() {
			reply, body, err := s.Ask(http.MethodPost, "/dns/records", deployment.RecordBody("meanwhile", "192.0.2.2", "999"), "")
			wantAway(t, "meanwhile", reply, body, err)
		})
		select {
		case <-noticed:
			waiting = false
		case <-time.After(meanwhile):
		}
	}
	soon := s.Within(20 * time.Second) // within the limit of a request
	for range 3 {
		reply, body, err := soon.Ask(http.MethodGet, "/dns/records", "", "")
		wantAway(t, "later read", reply, body, err)
		reply, body, err = soon.Ask(http.MethodPost, "/dns/records", deployment.RecordBody("later", "192.0.2.2", zone), "")
		wantAway(t, "later write", reply, body, err)
		reply, body, err = soon.Ask(http.MethodPost, "/auth/login_local", `{}`, "") // is not even looked at
		wantAway(t, "later nonsense", reply, body, err)
	}
	s.WantAnswer("www.example.com.", "A", "192.0.2.1")
	wg.Wait()

	thaw()
	release()
	sent.Wait()
	var last *http.Response
	for i := range 3 {
		key := fmt.Sprint("frozen", i)
		testkit.Eventually(t, "a write is taken again", func() bool {
			reply, body, err := s.Ask(http.MethodPost, "/dns/records", deployment.RecordBody(key, "192.0.2.2", zone), key)
			if err != nil || reply.StatusCode != http.StatusOK && reply.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("%v: %s", err, body)
			}
			last = reply
			return reply.StatusCode == http.StatusOK
		})
	}
	s.Live(last)
	s.WantAnswer("frozen0.example.com.", "A", "192.0.2.2")
	s.WantBody("/dns/records?zone_id="+zone, `"total":5`)
	if reply, body := s.Call(http.MethodGet, "/readyz", ""); reply.StatusCode != http.StatusOK {
		t.Errorf("readyz: %d %s", reply.StatusCode, body)
	}
	deployment.OpenLog(t, pg.URL()).SameAsReplay()
}

// wantAway wants a reply that says that the database is away, or that nobody
// knows whether it has made the change.
func wantAway(t *testing.T, what string, reply *http.Response, body string, err error) {
	t.Helper()
	switch {
	case err != nil:
		t.Errorf("%s: %v", what, err)
	case reply.StatusCode != http.StatusServiceUnavailable || reply.Header.Get("Retry-After") == "",
		!strings.Contains(body, "数据库暂时不可用") && !strings.Contains(body, "请用相同的Idempotency-Key重试"):
		t.Errorf("%s: status %d: %s", what, reply.StatusCode, body)
	}
}

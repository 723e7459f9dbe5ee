package system

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A write is committed, and serve or PostgreSQL is killed before anybody was
// told. Whoever still waits, or repeats it under its Idempotency-Key, gets the
// reply that there would have been; it happens once.
func TestKilledBetweenCommitAndAnswer(t *testing.T) {
	t.Parallel()
	pg := deployment.StartPostgres(t)
	proxy := deployment.NewPostgresProxy(t, pg.URL())
	s := deployment.StartServe(t, "serve", "--nats-listen", "127.0.0.1:0", "--database-url", proxy.URL())
	view := s.Created(s.Post("/dns/views", `{"name":"office","acl":"any"}`))
	added := s.Post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view))
	zone, before := s.Created(added), deployment.Position(t, added)
	type reply struct {
		*http.Response
		body string
		err  error
	}
	write := func(host, key string) (r reply) {
		r.Response, r.body, r.err = s.Ask(http.MethodPost, "/dns/records", deployment.RecordBody(host, "192.0.2.1", zone), key)
		return r
	}
	commit := func(host, key string) <-chan reply {
		committed, answered := proxy.Keep(host), make(chan reply, 1)
		go func() { answered <- write(host, key) }()
		testkit.Await(t, host+" is committed", committed)
		return answered
	}

	answered := commit("serve-dies", "key")
	s.Kill()
	if r := <-answered; r.err == nil {
		t.Fatalf("a dead process says %d: %s", r.StatusCode, r.body)
	}
	s.Start()
	first := write("serve-dies", "key")
	if first.err != nil || first.StatusCode != http.StatusOK || deployment.Position(t, first.Response) != before+1 {
		t.Fatalf("repeated: %v, %+v", first.err, first)
	}
	again := write("serve-dies", "key")
	for _, name := range []string{"Opsledger-Position", "Location", "ETag"} {
		if again.err != nil || again.body != first.body || again.Header.Get(name) == "" || again.Header.Get(name) != first.Header.Get(name) {
			t.Errorf("repeated twice: %v, %+v, before it was %+v", again.err, again, first)
		}
	}

	answered = commit("postgres-dies", "")
	pg.Kill()
	if r := <-answered; r.err != nil || r.StatusCode != http.StatusOK || deployment.Position(t, r.Response) != before+2 {
		t.Errorf("%v, %+v", r.err, r)
	}
	// The log is written again as soon as PostgreSQL is there; reads are let through
	// after another look at it, and have what they wait for no longer than usual.
	testkit.Eventually(t, "it is read", func() bool {
		_, body := s.Call(http.MethodGet, "/dns/records", "")
		return strings.Contains(body, "postgres-dies")
	})
	s.WantBody("/dns/records", `"total":2`, "serve-dies", "postgres-dies")
	s.WantBody("/dns/oplogs?operator=admin&target_type=Record", `"total":2`)
	log := deployment.OpenLog(t, pg.URL())
	if head := log.Head(); head != before+2 {
		t.Errorf("the log ends at %d", head)
	}
	log.SameAsReplay()
}

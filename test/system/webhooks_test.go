package system

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// hookReceiver takes messages, and answers when it may.
type hookReceiver struct {
	got  chan int64
	mu   sync.Mutex
	gate chan struct{}
}

func (r *hookReceiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	id := q.Header.Get("webhook-id")
	position, _ := strconv.ParseInt(id[strings.LastIndex(id, "-")+1:], 10, 64)
	r.mu.Lock()
	gate := r.gate
	r.mu.Unlock()
	r.got <- position
	if gate != nil {
		select {
		case <-gate:
		case <-q.Context().Done():
		}
	}
}

// hold lets the receiver answer nothing until release is called.
func (r *hookReceiver) hold() (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gate := make(chan struct{})
	r.gate = gate
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gate = nil
		close(gate)
	}
}

// Two processes deliver for one webhook in turn. While nothing happens each event comes once.
// Whichever is killed, in the midst of a delivery or not, and while PostgreSQL is away, none is
// left out, what comes again is the same, and the order stays.
func TestWebhooksLoseNothing(t *testing.T) {
	t.Parallel()
	bus, postgres := deployment.StartBus(t), deployment.StartPostgres(t)
	keys := filepath.Join(t.TempDir(), "vault.key")
	var both [2]*deployment.Server
	for i, name := range []string{"first", "second"} {
		both[i] = deployment.StartServe(t, name, "--database-url", postgres.URL(), "--nats-url", bus.URL(), "--key-file", keys, "--webhook-allow", "127.0.0.1")
	}
	a, b := both[0], both[1]
	r := &hookReceiver{got: make(chan int64, 10_000)}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	hook := a.Post("/v1/webhooks", fmt.Sprintf(`{"url":%q,"types":["ViewCreated"]}`, server.URL)).Header.Get("Location")

	n := 0
	write := func(s *deployment.Server) int64 {
		t.Helper()
		n++
		return deployment.Position(t, s.Post("/dns/views", fmt.Sprintf(`{"name":"v%d","acl":"any"}`, n)))
	}
	var again int64 // may come more than once
	expect := func(want int64) {
		t.Helper()
		got := testkit.Await(t, "a message", r.got)
		for got == again && got != want {
			got = testkit.Await(t, "another message", r.got)
		}
		if got != want {
			t.Fatalf("a message on %d, want one on %d", got, want)
		}
	}
	quiet := func(servers ...*deployment.Server) {
		t.Helper()
		var positions []int64
		for i := range 10 {
			positions = append(positions, write(servers[i%len(servers)]))
		}
		for _, p := range positions {
			expect(p)
		}
		noted := fmt.Sprintf(`"cursor":%d,`, positions[len(positions)-1])
		testkit.Eventually(t, "the last one is noted", func() bool {
			_, body := servers[0].Call(http.MethodGet, hook, "")
			return strings.Contains(body, noted)
		})
		for len(r.got) > 0 {
			if got := <-r.got; got != again {
				t.Fatalf("the message on %d came again", got)
			}
		}
	}
	quiet(a, b)

	release := r.hold()
	caught := write(a)
	expect(caught) // it has come, and nobody has noted it
	a.Kill()
	b.Kill()
	release()
	a.Start()
	b.Start()
	expect(caught)
	quiet(b, a)

	for i, s := range both {
		other := both[1-i]
		s.Kill()
		quiet(other)
		s.Start()
		quiet(other, s)
	}

	release = r.hold()
	caught = write(b)
	expect(caught)
	postgres.Stop()
	release()
	postgres.Start()
	for _, s := range both {
		testkit.Eventually(t, "it is ready again", func() bool {
			reply, _ := s.Call(http.MethodGet, "/readyz", "")
			return reply.StatusCode == http.StatusOK
		})
	}
	// Whoever had sent it may have noted it when PostgreSQL was back, or have lost the turn.
	next := write(a)
	for got := testkit.Await(t, "a message", r.got); got != next; got = testkit.Await(t, "a message", r.got) {
		if got != caught {
			t.Fatalf("a message on %d", got)
		}
	}
	again = next // since the turn may have gone over once more before it was noted
	quiet(a, b)
	_, body := a.Call(http.MethodGet, hook, "")
	var h struct{ State string }
	if err := json.Unmarshal([]byte(body), &h); err != nil || h.State != "ACTIVE" {
		t.Errorf("%v: %s", err, body)
	}
}

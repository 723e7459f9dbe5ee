package rest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain"
)

// What a user is told who has as many of something as one user may have.
const (
	textManyStreams = "打开的输出流过多：每个用户同时最多8个，请等待其中一个结束后重试！"
	textManyWaiting = "等待中的请求过多：每个用户同时最多128个，请等待其中一个结束后重试！"
	textManyBatches = "批量操作过多：每个用户同时最多8个，请等待其中一个结束后重试！"
)

// refusedForMany checks that a request is refused for the user's own many.
func (s *stack) refusedForMany(got reply, body string) {
	s.t.Helper()
	s.expect(got, http.StatusTooManyRequests, body)
	s.header(got, "Retry-After", "1")
}

func message(text string) string { return `{"message":"` + text + `"}` }

// One user cannot have all streams of output.
func TestStreamsOfOneUser(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.opsDo("POST", pathUser, act("add", changed(aUser("watcher"), "permissions", "8")))
	l.output.print(l.of, aLine(1))
	watcher := as(l.login("watcher", "123456"))
	var streams []*stream
	for range 8 {
		s := l.follow(watcher)
		s.expect(l.lineEvent(1))
		streams = append(streams, s)
	}
	events := with("Accept", "text/event-stream")
	l.refusedForMany(l.do("GET", l.path(), nil, watcher, events), message(textManyStreams))
	l.refusedForMany(l.do("GET", l.path(), nil, watcher, events, with("Last-Event-Id", l.attempt+":1")), message(textManyStreams))
	l.refusedForMany(l.do("GET", l.path(), nil, as(l.login("watcher", "123456")), events), message(textManyStreams)) // by another token
	if got := l.do("GET", l.path(), nil, watcher); got.status != 200 {
		t.Errorf("a page is %d %s", got.status, got.body)
	}
	l.follow().expect(l.lineEvent(1)) // another user's
	l.end(1)
	for _, s := range streams {
		s.expect(l.endEvent("succeeded", 1))
		s.over()
	}
	l.follow(watcher).expect(l.lineEvent(1))
}

// never is name servers that never have what is waited for.
type never struct {
	waiting chan struct{}
	end     chan struct{}
}

func (n *never) Change(ctx context.Context, position domain.Position, wait time.Duration) (v1.Change, error) {
	if wait > 0 {
		select {
		case n.waiting <- struct{}{}:
		case <-ctx.Done(): // of one too many, for whom nobody looks: the test fails, and does not hang
			return v1.Change{}, ctx.Err()
		}
		select {
		case <-n.end:
		case <-ctx.Done():
		}
	}
	return v1.Change{Position: position, State: v1.StatePending}, nil
}

// One user cannot have all waiters, whatever they wait for and in whatever dialect.
func TestWaitersOfOneUser(t *testing.T) {
	t.Parallel()
	servers := &never{make(chan struct{}), make(chan struct{})}
	s := newStack(t, func(c *config) { c.Changes = servers })
	s.opsDo("POST", pathUser, act("add", changed(aUser("waiter"), "permissions", "8,14")))
	waiter, far := as(s.login("waiter", "123456")), with("Opsledger-Min-Position", "1000000")
	var waiting sync.WaitGroup
	for range 128 {
		waiting.Go(func() {
			if got := s.do("GET", "/v1/changes/1?wait=60s", nil, waiter); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
		<-servers.waiting
	}
	s.refusedForMany(s.do("GET", "/v1/changes/1?wait=1s", nil, waiter), message(textManyWaiting))
	s.refusedForMany(s.do("GET", "/dns/zones", nil, waiter, far), message(textManyWaiting))
	s.refusedForMany(s.do("GET", pathMachine, nil, waiter, far), `{"ok":false,"info":"`+textManyWaiting+`"}`)
	if got := s.do("GET", "/v1/changes/1", nil, waiter); got.status != 200 { // without waiting
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := s.do("GET", "/dns/zones", nil, waiter, with("Opsledger-Min-Position", "1")); got.status != 200 { // which is there
		t.Errorf("%d %s", got.status, got.body)
	}
	s.expect(s.do("GET", "/dns/zones", nil, far), 503, failedWith(textBehind)) // another user waits, in vain
	close(servers.end)
	waiting.Wait()
}

// One user cannot have all places of batches: while that user's are under way and wait for
// each other, another user's is decided.
func TestBatchesOfOneUser(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.opsDo("POST", pathUser, act("add", aUser("other")))
	other := as(s.login("other", "123456"))
	s.awaitLog()
	// No append gets through while somebody else holds the head.
	held, err := s.pool.Begin(t.Context())
	must(t, err)
	_, err = held.Exec(t.Context(), "SELECT FROM log.head FOR UPDATE")
	must(t, err)
	var waiting sync.WaitGroup
	refused := make(chan reply, 16)
	for i := range cap(refused) {
		waiting.Go(func() {
			got := s.do("POST", pathBatch, operations(operation("POST", "/dns/views", m{"name": fmt.Sprint("v", i), "acl": "any"})))
			switch got.status {
			case http.StatusTooManyRequests:
				refused <- got
			case http.StatusOK:
			default:
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	for range 8 {
		s.refusedForMany(<-refused, message(textManyBatches))
	}
	if got := s.do("POST", pathBatch, operations(operation("DELETE", "/dns/records/1", nil)), other); got.status != http.StatusBadRequest {
		t.Errorf("another user's batch: %d %s", got.status, got.body)
	}
	must(t, held.Rollback(t.Context()))
	waiting.Wait()
	if len(refused) > 0 {
		t.Errorf("%d more were refused", len(refused))
	}
}

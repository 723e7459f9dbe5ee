package rest

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/api"
	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// opsDo sends a request of the operations dialect that must succeed.
func (s *stack) opsDo(method, path string, body any, options ...func(*http.Request)) reply {
	s.t.Helper()
	got := s.do(method, path, body, options...)
	if got.status != http.StatusOK || !strings.HasPrefix(got.body, `{"ok":true,"info":`) {
		s.t.Fatalf("%s %s %v: %d %s", method, path, body, got.status, got.body)
	}
	return got
}

// info is the body of a success.
func info(text string) string { return `{"ok":true,"info":` + text + `}` }

// The paths of the operations API.
const (
	pathTask       = "/api/task"
	pathMachine    = "/api/machine"
	pathUpdate     = "/api/update"
	pathUser       = "/api/user"
	pathLogin      = "/api/login"
	pathPermission = "/api/permission"
	pathSSHKey     = "/api/ssh_key_manage"
)

// replyBody is a reply of the operations API.
type replyBody struct {
	OK   bool   `json:"ok"`
	Info string `json:"info"`
}

// notOK is the body of a refusal.
func notOK(text string) string {
	encoded, err := api.EncodeJSON(replyBody{Info: text})
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(encoded))
}

// opsRefused sends a write that must fail, with words, and without a trace in the log.
func (s *stack) opsRefused(method, path string, body any, status int, says string, options ...func(*http.Request)) {
	s.t.Helper()
	before := s.position()
	got := s.do(method, path, body, options...)
	if got.status != status || !strings.HasPrefix(got.body, `{"ok":false,"info":"`) || !strings.Contains(got.body, says) {
		s.t.Errorf("%s %s %v: %d %s, want %d …%s…", method, path, body, got.status, got.body, status, says)
	}
	if s.position() != before {
		s.t.Errorf("%s %s %v: refused, and the log grew", method, path, body)
	}
}

// holds sets a user's permission codes, past all rules.
func (s *stack) holds(user int64, codes ...int) {
	s.t.Helper()
	cmd, err := access.NewChangePermissions(domain.UserID(user), codes, nil)
	must(s.t, err)
	_, err = s.store.Execute(s.t.Context(), eventstore.Request{Door: domain.DoorSystem, Actor: domain.System, Command: cmd})
	must(s.t, err)
}

// record lets a command of the system happen.
func (s *stack) happens(cmd domain.Command) eventstore.Receipt {
	s.t.Helper()
	receipt, err := s.store.Execute(s.t.Context(), eventstore.Request{Door: domain.DoorSystem, Actor: domain.System, Command: cmd})
	must(s.t, err)
	s.awaitLog()
	return receipt
}

// printed is an [Output] in memory.
type printed struct {
	mu    sync.Mutex
	lines map[v1.AttemptOutput][]v1.OutputLine
	more  chan struct{}
	late  time.Duration
	// waits counts, by reader, how often they had to wait; waited tells of each time.
	waits  map[*printedReader]int
	waited chan struct{}
}

func newPrinted() *printed {
	return &printed{
		lines: map[v1.AttemptOutput][]v1.OutputLine{}, more: make(chan struct{}), late: time.Second,
		waits: map[*printedReader]int{}, waited: make(chan struct{}, 1),
	}
}

// awaitTurns returns once some readers have waited twice from now on: whatever
// they do between two waits, they have done.
func (p *printed) awaitTurns(t *testing.T, readers int) {
	t.Helper()
	timeout := time.After(testkit.Patience)
	before := p.turns()
	for {
		turned := 0
		for r, n := range p.turns() {
			if n >= before[r]+2 {
				turned++
			}
		}
		if turned >= readers {
			return
		}
		select {
		case <-p.waited:
		case <-timeout:
			t.Fatalf("%d of %d readers wait for more", turned, readers)
		}
	}
}

func (p *printed) turns() map[*printedReader]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.waits)
}

// print adds lines, whose numbers may leave some out.
func (p *printed) print(of v1.AttemptOutput, lines ...v1.OutputLine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines[of] = append(p.lines[of], lines...)
	close(p.more)
	p.more = make(chan struct{})
}

// Open implements [Output].
func (p *printed) Open(_ context.Context, of v1.AttemptOutput, after int64) (v1.OutputReader, error) {
	r := &printedReader{from: p, of: of}
	for _, line := range r.rest() {
		if line.Number <= after {
			r.at++
		}
	}
	return r, nil
}

// LateWithin implements [Output].
func (p *printed) LateWithin() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.late
}

// lateWithin changes how late lines may come.
func (p *printed) lateWithin(late time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = late
}

type printedReader struct {
	from *printed
	of   v1.AttemptOutput
	at   int
}

func (r *printedReader) rest() []v1.OutputLine {
	r.from.mu.Lock()
	defer r.from.mu.Unlock()
	return r.from.lines[r.of][r.at:]
}

// Next implements [v1.OutputReader].
func (r *printedReader) Next(ctx context.Context) ([]v1.OutputLine, error) {
	for {
		r.from.mu.Lock()
		more := r.from.more
		r.from.waits[r]++
		r.from.mu.Unlock()
		select {
		case r.from.waited <- struct{}{}:
		default:
		}
		if lines := r.rest(); len(lines) > 0 {
			lines = lines[:min(2, len(lines))]
			r.at += len(lines)
			return lines, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *printedReader) Pending() bool { return len(r.rest()) > 0 }
func (*printedReader) Close()          {}

package rest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/api"
	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
)

// logged is a stack with a task whose attempt runs.
type logged struct {
	*stack
	output  *printed
	task    string
	attempt string
	of      v1.AttemptOutput
}

func newLogged(t *testing.T) *logged {
	t.Helper()
	l := &logged{output: newPrinted()}
	l.stack = newStack(t, func(c *config) { c.Output = l.output })
	l.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	l.task = l.newTask()
	l.execute("update")
	return l
}

// execute has another attempt of the task accepted.
func (l *logged) execute(mode string) {
	l.t.Helper()
	l.attempt = l.opsDo("POST", pathUpdate, act(mode, m{"task_id": l.task, "executor": "admin"})).header.Get("Opsledger-Position")
	number, err := strconv.ParseInt(l.attempt, 10, 64)
	must(l.t, err)
	l.of = v1.AttemptOutput{Machine: 1, Task: l.task, Attempt: domain.Position(number)}
	l.happens(ops.RecordReport{Machine: 1, Task: l.task, Attempt: l.of.Attempt, Begun: true})
}

// end ends the attempt, of which the host counted lines.
func (l *logged) end(lines int64) {
	l.t.Helper()
	l.happens(ops.RecordReport{Machine: 1, Task: l.task, Attempt: l.of.Attempt, End: &ops.End{Outcome: ops.Succeeded, Lines: lines}})
}

func (l *logged) path() string { return "/v1/tasks/" + l.task + "/log" }

// aLine is a line whose text would break a stream that is not careful.
func aLine(number int64) v1.OutputLine {
	return v1.OutputLine{Number: number, At: time.Unix(1480471675, 0).UTC(), Err: number%2 == 0, Text: fmt.Sprintf("line %d\n\nevent: end\ndata: x", number)}
}

func (l *logged) lineEvent(number int64) string {
	return fmt.Sprintf("id: %s:%d\ndata: {\"line\":%d,\"at\":\"2016-11-30T02:07:55Z\",\"err\":%v,\"text\":\"line %d\\n\\nevent: end\\ndata: x\"}\n", l.attempt, number, number, number%2 == 0, number)
}

func (l *logged) missingEvent(from, to int64) string {
	return fmt.Sprintf("event: missing\nid: %s:%d\ndata: {\"from\":%d,\"to\":%d}\n", l.attempt, to, from, to)
}

func (l *logged) endEvent(state string, lines int64) string {
	return fmt.Sprintf("event: end\nid: %s:end\ndata: {\"attempt\":%s,\"state\":\"%s\",\"lines\":%d}\n", l.attempt, l.attempt, state, lines)
}

// stream is an open stream of events.
type stream struct {
	l      *logged
	events *bufio.Reader
	close  func()
}

func (l *logged) follow(options ...func(*http.Request)) *stream {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", l.url+l.path(), nil)
	must(l.t, err)
	r.Header.Set("Authorization", l.admin)
	r.Header.Set("Accept", "text/event-stream")
	for _, option := range options {
		option(r)
	}
	response, err := transport.RoundTrip(r)
	must(l.t, err)
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		l.t.Errorf("%d %v", response.StatusCode, response.Header)
	}
	s := &stream{l: l, events: bufio.NewReader(response.Body), close: func() { cancel(); _ = response.Body.Close() }}
	l.t.Cleanup(s.close)
	return s
}

// expect reads the next events.
func (s *stream) expect(want ...string) {
	s.l.t.Helper()
	for _, event := range want {
		got := stillThere
		for got == stillThere {
			got = s.next(event)
		}
		if got != event {
			s.l.t.Fatalf("got  %q\nwant %q", got, event)
		}
	}
}

// stillThere is what a stream says when it has been silent for a while, as on a busy machine.
const stillThere = ":\n"

// next reads to the next empty line; want is for the message.
func (s *stream) next(want string) (got string) {
	s.l.t.Helper()
	for {
		line, err := s.events.ReadString('\n')
		if err != nil {
			s.l.t.Fatalf("%v after %q, want %q", err, got, want)
		}
		if line == "\n" {
			return got
		}
		got += line
	}
}

// over checks that nothing comes any more, and that the stream ends.
func (s *stream) over() {
	s.l.t.Helper()
	defer time.AfterFunc(testkit.Patience, s.close).Stop()
	rest, err := io.ReadAll(s.events)
	if rest := strings.ReplaceAll(string(rest), stillThere+"\n", ""); err != nil || rest != "" {
		s.l.t.Errorf("%q, %v", rest, err)
	}
}

// TestTaskLog: what a task prints is read as it comes, once, with the gaps said.
func TestTaskLog(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.output.print(l.of, aLine(1), aLine(2), aLine(4))
	s := l.follow()
	s.expect(l.lineEvent(1), l.lineEvent(2), l.missingEvent(3, 3), l.lineEvent(4))
	l.output.print(l.of, aLine(4), aLine(5)) // a repeat is not told twice
	s.expect(l.lineEvent(5))

	l.expect(l.do("GET", l.path()+"?count=2", nil), 200, l.page("running", `"missing":[],"after":2,"end":false`, 1, 2))
	l.expect(l.do("GET", l.path()+"?after=2&count=2", nil), 200, l.page("running", `"missing":[{"from":3,"to":3}],"after":5,"end":false`, 4, 5))

	resumed := l.follow(with("Last-Event-Id", l.attempt+":2"))
	resumed.expect(l.missingEvent(3, 3), l.lineEvent(4), l.lineEvent(5))
	l.output.lateWithin(time.Hour) // that long who follows waits for what the host has counted
	l.end(7)
	l.output.awaitTurns(t, 2)
	l.output.print(l.of, aLine(6)) // later than the end was seen
	for _, each := range []*stream{s, resumed} {
		each.expect(l.lineEvent(6))
		each.close()
	}
	l.output.lateWithin(0)
	waited := l.follow(with("Last-Event-Id", l.attempt+":5"))
	waited.expect(l.lineEvent(6), l.missingEvent(7, 7), l.endEvent("succeeded", 7))
	waited.over()
	l.expect(l.do("GET", l.path()+"?after=4", nil), 200, l.page("succeeded", `"missing":[{"from":7,"to":7}],"after":7,"end":true`, 5, 6))
	l.output.lateWithin(time.Hour) // while lines may come, none is said to be missing
	l.expect(l.do("GET", l.path()+"?after=5", nil), 200, l.page("succeeded", `"missing":[],"after":6,"end":false`, 6))
	if got := l.do("GET", l.path(), nil, with("Last-Event-Id", l.attempt+":end")); got.status != 204 {
		t.Errorf("after the end: %d %s", got.status, got.body)
	}

	former := *l
	foreign := l.opsDo("POST", pathUpdate, act("update", m{"task_id": l.newTask(), "executor": "admin"})).header.Get("Opsledger-Position")
	l.execute("revert")
	l.refused("GET", l.path()+"?attempt="+foreign, nil, 404)
	l.expect(l.do("GET", l.path(), nil), 200, l.page("reverting", `"missing":[],"after":0,"end":false`))
	old := former.follow(with("Last-Event-Id", former.attempt+":4"))
	old.expect(former.lineEvent(5), former.lineEvent(6), former.endEvent("reverting", 6))
	old.over()
	waited = l.follow()
	l.output.lateWithin(time.Hour)
	l.end(2)
	l.output.awaitTurns(t, 1)
	l.output.print(l.of, aLine(1), aLine(2)) // the last that was counted ends the wait
	waited.expect(l.lineEvent(1), l.lineEvent(2), l.endEvent("reverted", 2))
	waited.over()

	l.refused("GET", l.path()+"?attempt=1", nil, 404)
	l.refused("GET", l.path()+"?attempt=99999", nil, 404)
	l.refused("GET", "/v1/tasks/"+strings.Repeat("0", 32)+"/log", nil, 404)
	l.refused("GET", "/v1/tasks/x%00/log", nil, 404)
	l.refused("GET", l.path(), nil, 400, with("Last-Event-Id", "x"))
	l.refused("GET", l.path()+"?after=-1", nil, 400)
	fresh := *l
	fresh.task, fresh.attempt = l.newTask(), "0"
	s = fresh.follow()
	s.expect(fresh.endEvent("created", 0))
	s.over()
}

// page is a reply to who does not follow.
func (l *logged) page(state, rest string, lines ...int64) string {
	texts := make([]string, len(lines))
	for i, n := range lines {
		texts[i] = fmt.Sprintf(`{"id":"%s:%d",`, l.attempt, n) + strings.TrimSuffix(strings.SplitN(l.lineEvent(n), "data: {", 2)[1], "\n")
	}
	return fmt.Sprintf(`{"task_id":"%s","attempt":%s,"state":"%s","lines":[%s],%s}`, l.task, l.attempt, state, strings.Join(texts, ","), rest)
}

// TestTaskLogEnds: a stream ends with the right to it, and with the server.
func TestTaskLogEnds(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.opsDo("POST", pathUser, act("add", changed(aUser("watcher"), "permissions", "8")))
	l.output.print(l.of, aLine(1))
	s := l.follow(as(l.login("watcher", "123456")))
	s.expect(l.lineEvent(1))
	l.holds(l.idOf("watcher"))
	s.over()

	handler, err := New(t.Context(), withoutMetrics(l.cfg.Config))
	must(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	ctx, drain := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, listener, nil, handler, l.cfg.Log) }()
	l.url = "http://" + listener.Addr().String()
	s = l.follow()
	s.expect(l.lineEvent(1))
	drain()
	s.over()
	if err := <-served; err != nil { // as it is for a stream that is not ended by draining
		t.Errorf("draining: %v", err)
	}
}

func withoutMetrics(c Config) Config {
	c.Registerer = nil
	return c
}

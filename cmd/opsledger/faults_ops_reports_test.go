package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/host"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// speaker says what a host could say, true or not, with the credentials of one.
type speaker struct {
	t  *testing.T
	s  *devServer
	id int64
	nc *nats.Conn
}

func (s *devServer) speaker(name, ip string) *speaker {
	s.t.Helper()
	creds := filepath.Join(s.t.TempDir(), "creds")
	if err := run(s.t.Context(), []string{
		"opsledger", "agent", "enroll", "--data", s.app.cfg.Data, "--machine", name, "--create", "--inside-ip", ip, "--creds", creds, "--log-level", "error",
	}, s.t.Output(), s.t.Output()); err != nil {
		s.t.Fatal(err)
	}
	c, err := busauth.ReadCredentials(creds)
	if err != nil {
		s.t.Fatal(err)
	}
	refused := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}) // what the test provokes
	nc, err := nats.Connect(c.URL, append(host.Options(c.ID), c.Option(), refused)...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	return &speaker{t: s.t, s: s, id: c.ID, nc: nc}
}

// report says something about attempts on a host's subject and returns which of them are taken.
func (p *speaker) report(as int64, attempts ...protocol.AttemptReport) ([]domain.Position, error) {
	p.t.Helper()
	payload, err := json.Marshal(protocol.HostReport{Log: p.s.app.store.LogID(), Attempts: attempts})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), testkit.Patience)
	defer cancel()
	reply, err := p.nc.RequestWithContext(ctx, protocol.SubjectHostReport(as), payload)
	if err != nil {
		return nil, err
	}
	var receipt protocol.HostReceipt
	if err := json.Unmarshal(reply.Data, &receipt); err != nil || receipt.Error != "" {
		p.t.Fatalf("%v: %s", err, reply.Data)
	}
	return receipt.Taken, nil
}

// told reports for the host itself; all of it must be taken.
func (p *speaker) told(attempts ...protocol.AttemptReport) {
	p.t.Helper()
	taken, err := p.report(p.id, attempts...)
	if err != nil {
		p.t.Fatal(err)
	}
	if len(taken) != len(attempts) {
		p.t.Errorf("taken %v of %v", taken, attempts)
	}
}

func percent(n int) *int { return &n }

// history are the types of the events about a task.
func (s *devServer) history(task string) []string {
	s.t.Helper()
	page, err := s.app.store.ReadTag(s.t.Context(), ops.TagTask(task), 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	var types []string
	for _, e := range page {
		types = append(types, e.Type)
	}
	return types
}

func (s *devServer) wantHistory(what, task string, want ...string) {
	s.t.Helper()
	if got := s.history(task); !slices.Equal(got, want) {
		s.t.Errorf("%s: the log has %v, want %v", what, got, want)
	}
}

// A report counts once, for the attempt that it names, while that is open, and
// only from the machine that the task is for. What does not count is taken all
// the same, so that nobody repeats it for ever, and says nothing.
func TestReportsCountOnce(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t.TempDir()), false)
	own, other := s.speaker("web01", "10.0.0.1"), s.speaker("web02", "10.0.0.2")
	task := s.newTask("10.0.0.1", "say", "target", "1", "content")
	first := domain.Position(s.execute(task, "update"))
	failed := &ops.End{Outcome: ops.Failed, Result: "no"}

	begun := protocol.AttemptReport{Task: task, Attempt: first, Begun: true}
	half := protocol.AttemptReport{Task: task, Attempt: first, Begun: true, Percent: percent(50)}
	ended := protocol.AttemptReport{Task: task, Attempt: first, Begun: true, End: failed}
	for _, report := range []protocol.AttemptReport{begun, begun, half, half, begun, ended, ended} {
		own.told(report)
	}
	said := []string{"TaskCreated", "AttemptAccepted", "AttemptStarted", "AttemptProgressed", "AttemptFinished"}
	s.wantHistory("each twice", task, said...)

	second := domain.Position(s.execute(task, "update"))
	said = append(said, "AttemptAccepted")
	own.told(ended, protocol.AttemptReport{Task: task, Attempt: second + 1000, Begun: true}, half)
	other.told(protocol.AttemptReport{Task: task, Attempt: second, Begun: true, End: failed})
	s.wantHistory("late, of no attempt, and of another machine", task, said...)
	if got := s.task(task); got.State != "queued" {
		t.Errorf("%+v", got)
	}

	// What else stolen credentials cannot do is tested in package busauth.
	_, err := other.report(own.id, protocol.AttemptReport{Task: task, Attempt: second, Begun: true, End: failed})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("on another's subject: %v", err)
	}
	s.wantHistory("on another machine's subject", task, said...)

	// Both at the same time, from two connections of one host: one end.
	ends := make(chan error, 8)
	for i := range cap(ends) {
		go func() {
			end := &ops.End{Outcome: ops.Succeeded, Result: fmt.Sprint(i)}
			_, err := own.report(own.id, protocol.AttemptReport{Task: task, Attempt: second, Begun: true, End: end})
			ends <- err
		}()
	}
	for range cap(ends) {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	s.wantHistory("many at once", task, append(said, "AttemptStarted", "AttemptFinished")...)
	s.until(task, "succeeded")
}

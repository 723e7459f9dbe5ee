package output_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/busauth"
	"github.com/opsledger/opsledger/workers/internal/hostplane"
)

// plane is a control plane with two hosts, 7 and 8, of which each has a task.
type plane struct {
	*hostplane.Plane
	t        *testing.T
	attempts map[int64]domain.Position
}

func newPlane(t *testing.T, change func(*hostplane.Plane)) *plane {
	t.Helper()
	p := &plane{hostplane.Start(t), t, map[int64]domain.Position{}}
	if change != nil {
		p.RestartServe(func() { change(p.Plane) })
	}
	for _, id := range []int64{7, 8} {
		ip := fmt.Sprintf("10.0.0.%d", id)
		p.Append(ops.MachineAdded{ID: id, Machine: ops.MachineData{Name: ip, InsideIP: ip, OutsideIP: ip, Usage: "-", Location: "-"}}, ops.HostEnrolled{ID: id})
		p.attempts[id] = p.accept(id, taskOf(id))
	}
	return p
}

func taskOf(id int64) string { return fmt.Sprintf("%032x", id) }

func (p *plane) accept(id int64, task string) domain.Position {
	p.t.Helper()
	order := ops.Order{Action: "a", Target: "t", Content: "c"}
	p.Append(ops.TaskCreated{ID: id, Task: task, Machine: id, Creator: 1, CreatorName: "admin", Order: order})
	return p.Append(ops.AttemptAccepted{Task: task, Machine: id, Mode: ops.ModeUpdate, Executor: 1, Order: order, Deadline: time.Now().Add(time.Hour).UTC()})
}

// thief is connected with a host's credentials.
func (p *plane) thief(id int64) *nats.Conn {
	p.t.Helper()
	c, err := p.Authority.Credentials(p.t.Context(), busauth.Identity{Kind: busauth.KindHost, ID: id}, "nats://"+p.Address)
	p.Check(err)
	nc, err := nats.Connect(c.URL, c.Option(), nats.Timeout(testkit.Patience), nats.CustomInboxPrefix(protocol.HostInboxPrefix(id)), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	p.Check(err)
	p.t.Cleanup(nc.Close)
	return nc
}

func lines(first int64, texts ...string) []byte {
	said := protocol.OutputLines{First: first}
	for _, text := range texts {
		said.Lines = append(said.Lines, protocol.OutputLine{At: time.Now(), Text: text})
	}
	payload, err := json.Marshal(said)
	if err != nil {
		panic(err)
	}
	return payload
}

// send sends lines until they are answered.
func (p *plane) send(nc *nats.Conn, subject string, payload []byte) (receipt protocol.LinesReceipt) {
	p.t.Helper()
	p.Eventually("the lines are answered", func() bool {
		m, err := nc.Request(subject, payload, 2*time.Second)
		return err == nil && json.Unmarshal(m.Data, &receipt) == nil
	})
	return receipt
}

// kept is the first line of an attempt that is kept.
func (p *plane) kept(id int64, task string, attempt domain.Position) string {
	p.t.Helper()
	r, err := p.Output.Open(p.t.Context(), id, task, attempt, 0)
	p.Check(err)
	defer r.Close()
	if !r.Pending() {
		return ""
	}
	got, err := r.Next(p.t.Context())
	p.Check(err)
	return got[0].Text
}

// Lines are stored under the sender's own attempts, and nothing else is.
func TestLinesAreOfTheSendersAttempts(t *testing.T) {
	t.Parallel()
	p := newPlane(t, nil)
	nc := p.thief(7)
	if r := p.send(nc, protocol.SubjectHostLines(7, taskOf(7), p.attempts[7]), lines(1, "mine")); r.Error != "" {
		t.Errorf("one's own: %+v", r)
	}
	if got := p.kept(7, taskOf(7), p.attempts[7]); got != "mine" {
		t.Errorf("kept %q", got)
	}
	for what, subject := range map[string]string{
		"another host's attempt": protocol.SubjectHostLines(7, taskOf(8), p.attempts[8]),
		"another attempt":        protocol.SubjectHostLines(7, taskOf(7), p.attempts[8]),
		"another task":           protocol.SubjectHostLines(7, taskOf(8), p.attempts[7]),
		"an event before":        protocol.SubjectHostLines(7, taskOf(7), p.attempts[7]-1),
		"one to come":            protocol.SubjectHostLines(7, taskOf(7), p.attempts[8]+1000),
		"none":                   protocol.SubjectHostLines(7, taskOf(7), 0),
		"a task that is none":    protocol.SubjectHostLines(7, "x", p.attempts[7]),
	} {
		if r := p.send(nc, subject, lines(1, "x")); !r.Refused {
			t.Errorf("%s: %+v", what, r)
		}
	}
	// That an attempt is known to be one host's does not make it another's.
	if r := p.send(p.thief(8), protocol.SubjectHostLines(8, taskOf(7), p.attempts[7]), lines(1, "x")); !r.Refused {
		t.Errorf("by another host: %+v", r)
	}
	own := protocol.SubjectHostLines(7, taskOf(7), p.attempts[7])
	for what, payload := range map[string]string{
		"no JSON": "{", "no lines": `{"first":1}`, "no number": `{"lines":[{}]}`, "too many": `{"first":1,"lines":[` + strings.Repeat("{},", 1000) + `{}]}`,
		"a number too great": `{"first":9223372036854775807,"lines":[{}]}`,
	} {
		if r := p.send(nc, own, []byte(payload)); !r.Refused {
			t.Errorf("%s: %+v", what, r)
		}
	}
	for _, subject := range []string{own + ".x", "host.7.lines", "host.7.lines.x.01", protocol.SubjectOutput(7, taskOf(7), p.attempts[7]), protocol.SubjectOutput(8, taskOf(8), p.attempts[8])} {
		p.Check(nc.Publish(subject, lines(1, "x")))
	}
	p.send(nc, own, lines(2, "last"))
	stream, err := p.JS.Stream(t.Context(), protocol.StreamOutput)
	p.Check(err)
	stored := map[string]bool{} // a busy control plane answers late, and gets the same lines again
	for n := range stream.CachedInfo().State.LastSeq {
		m, err := stream.GetMsg(t.Context(), n+1)
		p.Check(err)
		stored[m.Subject+string(m.Data)] = true
	}
	if len(stored) != 2 {
		t.Errorf("the stream has %v, want one's own lines alone", stored)
	}
}

// No answer goes where a host could not listen by itself: the control plane may say more than
// hosts may.
func TestReceiptsGoToTheHostAlone(t *testing.T) {
	t.Parallel()
	p := newPlane(t, nil)
	own := protocol.SubjectHostLines(7, taskOf(7), p.attempts[7])
	elsewhere := map[string]*nats.Subscription{}
	for _, prefix := range []string{protocol.HostInboxPrefix(8), "_INBOX_agent_7", "output.8"} {
		sub, err := p.NC.SubscribeSync(prefix + ".x")
		p.Check(err)
		elsewhere[prefix] = sub
		p.Check(p.NC.PublishRequest(own, prefix+".x", lines(1, "x")))
	}
	nc := p.thief(7)
	for n := range int64(10) { // what came before these was answered, if such is answered
		p.send(nc, own, lines(n+1, "x"))
	}
	p.Check(p.NC.FlushTimeout(testkit.Patience))
	for prefix, sub := range elsewhere {
		if answers, _, err := sub.Pending(); err != nil || answers > 0 {
			t.Errorf("%d answers went to %s (%v)", answers, prefix, err)
		}
	}
}

// A host that prints without end drops its own oldest lines, and no line of others.
func TestAFloodPushesOutNobodyElse(t *testing.T) {
	t.Parallel()
	p := newPlane(t, func(plane *hostplane.Plane) { plane.OutputBytes = 32 << 20 })
	victim, thief := p.thief(8), p.thief(7)
	if r := p.send(victim, protocol.SubjectHostLines(8, taskOf(8), p.attempts[8]), lines(1, "the victim's")); r.Error != "" {
		t.Fatalf("%+v", r)
	}
	second := strings.Repeat("f", 32)
	other := p.accept(7, second)
	text := strings.Repeat("x", 60<<10)
	sent, began := 0, time.Now()
	for n := int64(1); sent < 48<<20; n++ {
		subject := protocol.SubjectHostLines(7, taskOf(7), p.attempts[7])
		if n%2 == 0 {
			subject = protocol.SubjectHostLines(7, second, other)
		}
		payload := lines(n, text, text, fmt.Sprint("line ", n))
		m, err := thief.Request(subject, payload, testkit.Patience/10)
		if err != nil {
			break // its allowance is used up
		}
		if strings.Contains(string(m.Data), "error") {
			t.Fatalf("%s", m.Data)
		}
		sent += len(payload)
	}
	if most := 33<<20 + int(time.Since(began).Seconds()*(4<<20)); sent < 16<<20 || sent > most {
		t.Errorf("%d bytes were taken, want %d at most", sent, most)
	}
	if got := p.kept(8, taskOf(8), p.attempts[8]); got != "the victim's" {
		t.Errorf("the victim's output is %q", got)
	}
	stream, err := p.JS.Stream(t.Context(), protocol.StreamOutput)
	p.Check(err)
	const share = 32 << 20 / 64
	p.Eventually("the flood is cut to a share", func() bool {
		info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter("output.7.>"))
		return err == nil && info.State.Bytes < 2*share
	})
	if p.kept(7, second, other) == "" {
		t.Error("nothing of the flood is left")
	}
}

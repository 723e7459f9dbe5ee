package hostdesk_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

const (
	victim     = int64(8)
	victimTask = "ffffc3c78f5211e685855cf9389306a2"
	// mostGrowth bounds what a flood may cost this process, in which the thief, the bus and
	// the control plane are, in bytes.
	mostGrowth = 150 << 20
)

// withVictim adds a second machine with an attempt of its own.
func (w *world) withVictim() domain.Position {
	w.t.Helper()
	data := ops.MachineData{Name: "web02", InsideIP: "10.0.0.2", OutsideIP: "10.0.0.2", Usage: "-", Location: "-"}
	order := ops.Order{Action: "a", Target: "t", Content: "c"}
	w.Append(ops.MachineAdded{ID: victim, Machine: data}, ops.HostEnrolled{ID: victim},
		ops.TaskCreated{ID: 99, Task: victimTask, Machine: victim, Creator: 1, CreatorName: "admin", Order: order})
	return w.Append(ops.AttemptAccepted{Task: victimTask, Machine: victim, Mode: ops.ModeUpdate, Executor: 1, Order: order, Deadline: time.Now().Add(time.Hour).UTC()})
}

// bearer is connected with a host's credentials, as that host or as who stole them.
func (w *world) bearer(id int64) *nats.Conn {
	w.t.Helper()
	c, err := w.Authority.Credentials(w.t.Context(), busauth.Identity{Kind: busauth.KindHost, ID: id}, "nats://"+w.Address)
	w.Check(err)
	nc, err := nats.Connect(c.URL, c.Option(), nats.Timeout(testkit.Patience), nats.CustomInboxPrefix(protocol.HostInboxPrefix(id)), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	w.Check(err)
	w.t.Cleanup(nc.Close)
	return nc
}

func (w *world) encoded(message any) []byte {
	w.t.Helper()
	payload, err := json.Marshal(message)
	w.Check(err)
	return payload
}

// reported sends a host's report until it is answered.
func (w *world) reported(nc *nats.Conn, id int64, attempts ...protocol.AttemptReport) (receipt protocol.HostReceipt) {
	w.t.Helper()
	payload := w.encoded(protocol.HostReport{Log: w.Store.LogID(), Attempts: attempts})
	w.Eventually("the report is answered", func() bool {
		m, err := nc.Request(protocol.SubjectHostReport(id), payload, 5*time.Second)
		return err == nil && json.Unmarshal(m.Data, &receipt) == nil && len(receipt.Taken) == len(attempts)
	})
	return receipt
}

func (w *world) head() domain.Position {
	w.t.Helper()
	head, err := w.Store.Head(w.t.Context())
	w.Check(err)
	return head.Position
}

// A stolen credential reports about its own attempts alone.
func TestAThiefReportsForNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, foreign := w.accept(task, 1, "c"), w.withVictim()
	nc, before := w.bearer(host), w.head()
	end := &ops.End{Outcome: ops.Succeeded, Result: "forged"}
	w.reported(nc, host,
		protocol.AttemptReport{Task: victimTask, Attempt: foreign, Begun: true, End: end}, // another's
		protocol.AttemptReport{Task: victimTask, Attempt: own, Begun: true, End: end},     // another's task under one's own number
		protocol.AttemptReport{Task: task, Attempt: foreign + 1, Begun: true, End: end},   // to come
	)
	w.reported(nc, host, protocol.AttemptReport{Task: task, Attempt: foreign, Begun: true, End: end}) // one's own task under another's number
	for _, subject := range []string{
		protocol.SubjectHostReport(victim), protocol.SubjectHostWork(victim), protocol.SubjectHostHeartbeat(victim), protocol.SubjectHostLines(victim, victimTask, foreign),
	} {
		w.Check(nc.PublishRequest(subject, nc.NewInbox(), w.encoded(protocol.HostReport{
			Log: w.Store.LogID(), Attempts: []protocol.AttemptReport{{Task: victimTask, Attempt: foreign, Begun: true, End: end}},
		})))
	}
	w.reported(nc, host) // all before is answered, or was refused by the bus
	if head := w.head(); head != before {
		t.Errorf("a thief has added %d events", head-before)
	}
	w.reported(w.bearer(victim), victim, protocol.AttemptReport{Task: victimTask, Attempt: foreign, Begun: true})
	if head := w.head(); head != before+1 {
		t.Errorf("the victim's report came to %d events", head-before)
	}
}

// A result that no database holds is mended, and costs neither its own report nor the next.
func TestAPoisonedResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, foreign := w.accept(task, 1, "c"), w.withVictim()
	nc := w.bearer(host)
	clean := w.encoded(protocol.HostReport{Log: w.Store.LogID(), Attempts: []protocol.AttemptReport{
		{Task: task, Attempt: own, Begun: true, End: &ops.End{Outcome: ops.Failed, Result: "a MARK b"}},
	}})
	poisoned := strings.Replace(string(clean), "MARK", "\\u0000\xff\\ud800", 1)
	m, err := nc.Request(protocol.SubjectHostReport(host), []byte(poisoned), testkit.Patience)
	w.Check(err)
	if strings.Contains(string(m.Data), "error") {
		t.Errorf("the report is answered %s", m.Data)
	}
	w.reported(w.bearer(victim), victim, protocol.AttemptReport{Task: victimTask, Attempt: foreign, Begun: true})
	w.Eventually("the read model has the event after it", func() bool {
		next, err := w.Reader.Task(t.Context(), victimTask)
		return err == nil && next.Attempt.Begun
	})
	if got, err := w.Reader.Task(t.Context(), task); err != nil || got.Result != "a \ufffd\ufffd b" {
		t.Errorf("%q, %v", got.Result, err)
	}
}

// Ten thousand reports at once, of every kind that costs something, neither grow the
// process nor keep another host's report waiting. No other test runs meanwhile, whose
// memory would count.
func TestAFloodOfReports(t *testing.T) {
	w := newWorld(t)
	own, foreign := w.accept(task, 1, "c"), w.withVictim()
	nc, other := w.bearer(host), w.bearer(victim)
	log := w.Store.LogID()
	var unknown []protocol.AttemptReport
	for i := range protocol.MaxReportAttempts {
		unknown = append(unknown, protocol.AttemptReport{Task: fmt.Sprintf("%032x", i), Attempt: domain.Position(1<<40) + domain.Position(i), Begun: true})
	}
	floods := map[string][]byte{
		"many unknown attempts": w.encoded(protocol.HostReport{Log: log, Attempts: unknown}),
		"small elements":        []byte(`{"log":"` + log.String() + `","attempts":[` + strings.Repeat("{},", 2_000) + "{}]}"),
		"a large text": w.encoded(protocol.HostReport{Log: log, Attempts: []protocol.AttemptReport{
			{Task: task, Attempt: own, Begun: true, End: &ops.End{Outcome: "x", Result: strings.Repeat("x", 6_000)}},
		}}),
		"no JSON":       []byte(strings.Repeat("[", 6_000)),
		"another log's": w.encoded(protocol.HostReport{Attempts: unknown[:1]}),
	}
	before, grown := w.head(), testkit.HeapGrowth(t)
	for range 10_000 / len(floods) {
		for _, payload := range floods {
			w.Check(nc.PublishRequest(protocol.SubjectHostReport(host), protocol.HostInboxPrefix(host)+".x", payload))
		}
		w.Check(nc.PublishRequest(protocol.SubjectHostWork(host), protocol.HostInboxPrefix(host)+".x", nil))
	}
	largest := []byte(`{"log":"` + log.String() + `","attempts":[` + strings.Repeat("{},", 80_000) + "{}]}")
	for range 100 {
		w.Check(nc.PublishRequest(protocol.SubjectHostReport(host), protocol.HostInboxPrefix(host)+".x", largest))
	}
	began := time.Now()
	w.reported(other, victim, protocol.AttemptReport{Task: victimTask, Attempt: foreign, Begun: true})
	if waited := time.Since(began); waited > 20*time.Second {
		t.Errorf("another host's report took %s", waited)
	}
	w.Check(nc.FlushTimeout(testkit.Patience))
	if most := grown(); most > mostGrowth {
		t.Errorf("the process grew by %d MB", most>>20)
	}
	if head := w.head(); head != before+1 {
		t.Errorf("the flood came to %d events", head-before-1)
	}
}

// Reports about many attempts are paid for out of the host's allowance by the attempts: each
// costs the log a read.
func TestManyAttemptsCostMuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nc, began, taken := w.bearer(host), time.Now(), 0
	for ; taken < 60; taken++ {
		var unknown []protocol.AttemptReport
		for i := range protocol.MaxReportAttempts {
			unknown = append(unknown, protocol.AttemptReport{Task: fmt.Sprintf("%032x", i), Attempt: domain.Position(1<<40) + domain.Position(i), Begun: true})
		}
		m, err := nc.Request(protocol.SubjectHostReport(host), w.encoded(protocol.HostReport{Log: w.Store.LogID(), Attempts: unknown}), testkit.Patience)
		w.Check(err)
		if strings.Contains(string(m.Data), "too many reports") {
			break
		}
	}
	// A report of 256 attempts costs 1 MiB of 8 at once and 2 a second.
	if most := 10 + int(2*time.Since(began).Seconds()); taken > most {
		t.Errorf("%d large reports were taken, want %d at most", taken, most)
	}
}

// What a host says about its percent is at most a hundred events.
func TestAFloodOfPercents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.accept(task, 1, "c")
	nc := w.bearer(host)
	w.reported(nc, host, protocol.AttemptReport{Task: task, Attempt: own, Begun: true})
	before := w.head()
	for n := range 600 {
		percent := []int{n % 100, 99 - n%100, 50, -n, n}[n%5]
		w.Check(nc.PublishRequest(protocol.SubjectHostReport(host), protocol.HostInboxPrefix(host)+".x", w.encoded(protocol.HostReport{
			Log: w.Store.LogID(), Attempts: []protocol.AttemptReport{{Task: task, Attempt: own, Percent: &percent}},
		})))
	}
	hundred := 100
	w.Eventually("the attempt is at 100", func() bool {
		w.reported(nc, host, protocol.AttemptReport{Task: task, Attempt: own, Percent: &hundred})
		got, err := w.Reader.Task(t.Context(), task)
		return err == nil && got.Attempt.Percent == 100
	})
	if added := w.head() - before; added > 100 {
		t.Errorf("%d events", added)
	}
}

package nameserver

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func TestStartsFromASnapshotAndFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DNS(2)
	w.Access(2)
	w.DNS(1) // 5
	w.snapshotAt(w.log, 4, 5)
	e := newRecorder()
	w.start(e)
	e.untilAt(t, 5)
	w.Access(3)
	w.DNS(2) // 9, 10
	e.untilAt(t, 10)
	e.expect(t, positions(4), positions(5, 9, 10))
	if rows := len(e.resets[0].Rows); rows != 6 {
		t.Errorf("the snapshot has %d rows, want 6", rows)
	}
}

func TestDeliveredAgainIsIgnored(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 5)
	w.ResetConsumer(1)
	w.DNS(3)
	e.untilAt(t, 8)
	e.expect(t, positions(0), span(1, 8))
}

func TestAGapIsClosedByDeliveringAgain(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 3)
	w.ResetConsumer(8) // 4 to 7 are skipped
	w.DNS(5)
	e.untilAt(t, 8)
	e.expect(t, positions(0), span(1, 8))
	if n := w.snapshots(); n != 1 {
		t.Errorf("%d snapshots were opened, want 1", n)
	}
}

func TestExpiredEventsAreReplacedByASnapshot(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 3)
	w.ResetConsumer(100) // asleep
	w.DNS(6)
	w.PurgeBefore(8)
	w.snapshotAt(w.log, 8, 9)
	w.ResetConsumer(4) // awake: the first that comes is 8, whose predecessor is gone
	e.untilAt(t, 9)
	e.expect(t, positions(0, 8), positions(1, 2, 3, 9))
}

// If no event follows those that were lost, no message shows the gap, but the
// announcement does.
func TestEventsExpiredInAQuietTimeAreFound(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 3)
	w.ResetConsumer(100)
	w.DNS(2)
	w.PurgeBefore(6)
	w.snapshotAt(w.log, 5, 5)
	stop := repeatedly(100*time.Millisecond, func() { w.announce(protocol.HeadAnnouncement{Log: w.log, LastDNS: 5}) })
	defer stop()
	e.untilAt(t, 5)
	e.expect(t, positions(0, 5), span(1, 3))
}

func TestAnAnnouncementOfWhatTheAgentHasChangesNothing(t *testing.T) {
	t.Parallel()
	fd := &feeder{logID: uuid.New(), checkpoint: 9}
	now := time.Now()
	for _, b := range []protocol.HeadAnnouncement{{}, {Log: fd.logID, LastDNS: 9}, {Log: fd.logID, LastDNS: 2}, {Log: fd.logID, LastDNS: 12}, {Log: fd.logID, LastDNS: 12}} {
		if err := fd.compare(b, now); err != nil {
			t.Fatalf("%+v: %v", b, err)
		}
		now = now.Add(staleAfter / 2)
	}
	fd.checkpoint = 12
	fd.progress(now)
	if err := fd.compare(protocol.HeadAnnouncement{Log: fd.logID, LastDNS: 12}, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := fd.compare(protocol.HeadAnnouncement{Log: uuid.New(), LastDNS: 12}, now); err == nil {
		t.Error("another log went unnoticed")
	}
}

// A delivery that is slow to begin has its time from its first event on, even if that is one
// that the agent has.
func TestASlowDeliveryCausesNoSnapshot(t *testing.T) {
	t.Parallel()
	fd := &feeder{logID: uuid.New(), checkpoint: 9, begun: true}
	announced := protocol.HeadAnnouncement{Log: fd.logID, LastDNS: 12}
	now := time.Now().Add(-time.Minute)
	if err := fd.compare(announced, now); err != nil {
		t.Fatal(err)
	}
	if err := fd.compare(announced, now.Add(staleAfter)); !errors.Is(err, errRedeliver) {
		t.Fatalf("what is missed is not delivered again: %v", err)
	}
	fd.begun, fd.delivering = false, now.Add(staleAfter)
	if err := fd.take(protocol.Envelope{Position: 9, Prev: 8}); err != nil {
		t.Fatal(err)
	}
	if err := fd.compare(announced, time.Now()); err != nil {
		t.Fatalf("a snapshot for events that are on their way: %v", err)
	}
}

func TestAnEventThatDoesNotFitCausesASnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DNS(2)
	w.snapshotAt(w.log, 0, 2)
	e := newRecorder()
	e.refuse = 3
	w.start(e)
	e.untilAt(t, 2)
	w.snapshotAt(w.log, 3, 3)
	w.DNS(2)
	e.untilAt(t, 4)
	e.expect(t, positions(0, 3), positions(1, 2, 4))
}

// The first agent dies with messages that it has neither applied nor
// acknowledged; the second begins where its snapshot ends, whatever was acknowledged.
func TestACrashLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DNS(20)
	w.snapshotAt(w.log, 0, 20)
	first := newRecorder()
	stop := w.start(first)
	first.until(t, "some events", func() bool { return len(first.applied) > 3 })
	stop()
	w.DNS(5)
	w.snapshotAt(w.log, 2, 25)
	second := newRecorder()
	w.start(second)
	second.untilAt(t, 25)
	second.expect(t, positions(2), span(3, 25))
}

// Two agents of one id (an administrator's mistake, or a process that did not
// die) share the consumer; each of them still sees every event, in order.
func TestTwoAgentsOfOneIDHarmNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.snapshotAt(w.log, 0, 0)
	a, b := newRecorder(), newRecorder()
	w.start(a)
	a.until(t, "the snapshot", func() bool { return len(a.resets) == 1 })
	w.start(b)
	b.until(t, "the snapshot", func() bool { return len(b.resets) == 1 })
	for range 10 {
		w.DNS(1)
	}
	w.snapshotAt(w.log, w.Head, w.Head)
	stop := repeatedly(200*time.Millisecond, func() { w.announce(protocol.HeadAnnouncement{Log: w.log, LastDNS: 10}) })
	defer stop()
	a.untilAt(t, 10)
	b.untilAt(t, 10)
}

func TestNATSRestarts(t *testing.T) {
	t.Parallel()
	cfg := embeddednats.Config{Listen: testkit.Address(t), Dir: t.TempDir()}
	start := func() *embeddednats.Server {
		s, err := embeddednats.Start(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		return s
	}
	s := start()
	w := newWorldOn(t, s)
	w.DNS(3)
	w.snapshotAt(w.log, 0, 3)
	nc, err := nats.Connect(s.URL(), append(Options(self), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectJitter(0, 0), nats.Timeout(testkit.Patience))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	e := newRecorder()
	startOn(t, nc, e)
	e.untilAt(t, 3)
	for range 2 {
		s.Stop()
		s = start()
		w.restarted(s)
		last := w.DNS(3)
		e.untilAt(t, last)
	}
	e.expect(t, positions(0), span(1, 9)) // the consumer is the old one: no snapshot
}

func (w *world) announce(b protocol.HeadAnnouncement) {
	payload, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	_ = w.NC.Publish(protocol.SubjectReportNow, payload)
}

// repeatedly calls f until stop is called.
func repeatedly(every time.Duration, f func()) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			f()
			select {
			case <-quit:
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(quit); <-done }
}

package reporter_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/reporter"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

// on is the state of a change on one server.
func on(t *testing.T, p *planetest.Plane, server int64, position domain.Position) reporter.ServerChange {
	t.Helper()
	for _, s := range change(t, p.Reporter, position).Servers {
		if s.ServerID == server {
			return s
		}
	}
	t.Fatalf("server %d is not there", server)
	return reporter.ServerChange{}
}

// Whoever has the credentials of one agent neither grows the process nor keeps the reports
// of others from being heard and stored. No other test runs meanwhile, whose memory would
// count.
func TestAFloodOfReports(t *testing.T) {
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	p.Enroll(2, ns2)
	position := p.Append(view(1))
	thief, other := newFakeAgent(t, p, 1), newFakeAgent(t, p, 2)
	thief.nc = testkit.Connect(t, p.Server) // a connection of its own, which the bus may slow down
	var failures []protocol.Failure
	for i := range 50 {
		failures = append(failures, protocol.Failure{Since: 1, ZoneID: int64(i), Message: strings.Repeat("x", 15)})
	}
	grown := testkit.HeapGrowth(t)
	for n := range 10_000 / 4 {
		thief.say(position, failures[n%7:]...)
		open := `{"log":"` + p.Store.LogID().String() + `","boot":"` + uuid.NewString() + `","seq":1,"applied":9,"failures":[`
		for _, payload := range []string{
			open + strings.Repeat("{},", 4_000) + "{}]}", open + strings.Repeat("null,", 3_000) + "null]}", strings.Repeat("[", 6_000),
		} {
			p.Check(thief.nc.Publish(protocol.SubjectReport(1), []byte(payload)))
		}
	}
	largest := []byte(`{"log":"` + p.Store.LogID().String() + `","failures":[` + strings.Repeat("{},", 80_000) + "{}]}")
	for range 100 {
		p.Check(thief.nc.Publish(protocol.SubjectReport(1), largest))
	}
	p.Check(thief.nc.FlushTimeout(testkit.Patience))
	p.Eventually("the other's report is heard", func() bool { other.say(position); return on(t, p, 2, position).Applied })
	if most := grown(); most > 150<<20 {
		t.Errorf("the process grew by %d MB", most>>20)
	}
}

// What a database cannot hold, or a position that cannot be, costs the thief's own report
// and nobody else's.
func TestAPoisonedReport(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	p.Enroll(2, ns2)
	position := p.Append(view(1))
	thief, other := newFakeAgent(t, p, 1), newFakeAgent(t, p, 2)
	thief.say(-5)
	thief.say(position, protocol.Failure{Since: position, Message: "a\x00b" + strings.Repeat("语", 5000), Zone: "\x00", View: "\x00"})
	p.Eventually("the failure is heard", func() bool { return change(t, p.Reporter, position).State == reporter.Failed })
	if text := on(t, p, 1, position).Error; !strings.HasPrefix(text, "ab") || len(text) > protocol.MaxFailureText {
		t.Errorf("the failure is %d bytes: %.20q", len(text), text)
	}
	other.say(position)
	p.Eventually("both reports are stored", func() bool {
		var n int
		err := p.Pool.QueryRow(t.Context(), "SELECT count(*) FROM control.agent_reports").Scan(&n)
		return err == nil && n == 2
	})
	var stored []byte
	p.Check(p.Pool.QueryRow(t.Context(), "SELECT report FROM control.agent_reports WHERE agent = 1").Scan(&stored))
	var report protocol.Report
	if err := json.Unmarshal(stored, &report); err != nil || report.Applied != position {
		t.Error(fmt.Errorf("stored %+v: %w", report, err))
	}
}

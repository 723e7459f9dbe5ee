package nameserver

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/signtest"
)

func nextReport(t *testing.T, sub *nats.Subscription) protocol.Report {
	t.Helper()
	m, err := sub.NextMsg(testkit.Patience)
	if err != nil {
		t.Fatal(err)
	}
	var r protocol.Report
	if err := json.Unmarshal(m.Data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub, err := w.NC.SubscribeSync(protocol.SubjectReport(self))
	if err != nil {
		t.Fatal(err)
	}
	w.DNS(3)
	w.snapshotAt(w.log, 1, 3)
	e := newRecorder()
	w.start(e)
	var r protocol.Report
	for seq := int64(0); r.Applied < 3; seq = r.Seq {
		r = nextReport(t, sub)
		if r.Log != w.log || r.Agent != self || r.Seq <= seq || r.At.IsZero() {
			t.Fatalf("report %+v after number %d", r, seq)
		}
	}
	boot := r.Boot
	w.announce(protocol.HeadAnnouncement{})
	if r = nextReport(t, sub); r.Applied != 3 || r.Boot != boot {
		t.Errorf("asked for a report, got %+v", r)
	}
	// Nothing changes and nobody asks: still a report.
	nextReport(t, sub)
}

// A burst of changes makes few reports, the last of which is complete.
func TestReportsCoalesce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub, err := w.NC.SubscribeSync(protocol.SubjectReport(self))
	if err != nil {
		t.Fatal(err)
	}
	w.DNS(400)
	w.snapshotAt(w.log, 0, 400)
	began := time.Now()
	e := newRecorder()
	w.start(e)
	count := 0
	for nextReport(t, sub).Applied < 400 {
		count++
	}
	if most := int(time.Since(began)/reportPause) + 2; count > most {
		t.Errorf("%d reports in %s, want at most %d", count, time.Since(began), most)
	}
}

func TestALargeReportHidesNoFailure(t *testing.T) {
	t.Parallel()
	r := protocol.Report{Applied: 9000}
	for i := range 5000 {
		r.Failures = append(r.Failures, protocol.Failure{Since: domain.Position(5001 - i), ZoneID: int64(i + 1), Message: strings.Repeat("x", 300)})
	}
	payload, err := encodeReport(r)
	if err != nil || len(payload) > protocol.MaxAgentMessage {
		t.Fatalf("%d bytes, %v", len(payload), err)
	}
	var got protocol.Report
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	last := got.Failures[len(got.Failures)-1]
	if len(got.Failures) < 100 || !last.More || last.Since != 2 || !strings.Contains(last.Message, "more failures") {
		t.Errorf("%d failures, the last is %+v", len(got.Failures), last)
	}
	r.Failures = r.Failures[:2]
	if payload, err = encodeReport(r); err != nil || strings.Contains(string(payload), "more failures") {
		t.Errorf("a small report was cut: %s %v", payload, err)
	}
}

func TestChecksConfigurations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.snapshotAt(w.log, 0, 0)
	e := newRecorder()
	w.start(e)
	e.until(t, "the snapshot", func() bool { return len(e.resets) == 1 })
	const forged = `{"text":"forged"}`
	other := signtest.Request(self+1, protocol.ForCheck, protocol.SubjectCheckConf(self), []byte(forged))
	changed := signtest.Request(self, protocol.ForCheck, protocol.SubjectCheckConf(self), []byte(`{"text":"fine"}`))
	changed.Data = []byte(forged)
	for _, m := range []*nats.Msg{
		{Subject: protocol.SubjectCheckConf(self), Data: []byte(forged)}, other, changed,
		signtest.Request(self, protocol.ForSecrets, protocol.SubjectCheckConf(self), []byte(forged)),
	} {
		m.Reply = w.NC.NewInbox()
		if err := w.NC.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{"options {};": "", "bad": "unknown option 'bad'"} {
		payload, err := json.Marshal(protocol.CheckConfRequest{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		m, err := w.NC.RequestMsg(signtest.Request(self, protocol.ForCheck, protocol.SubjectCheckConf(self), payload), testkit.Patience)
		if err != nil {
			t.Fatal(err)
		}
		var reply protocol.CheckConfReply
		if err := json.Unmarshal(m.Data, &reply); err != nil || reply.Error != want {
			t.Errorf("%q: %q %v, want %q", text, reply.Error, err, want)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if slices.Contains(e.checked, "forged") {
		t.Error("what is no request of the control plane was checked")
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.NC.Subscribe(protocol.SubjectAllSecrets, func(m *nats.Msg) {
		var request protocol.SecretsRequest
		_ = json.Unmarshal(m.Data, &request)
		reply := protocol.SecretsReply{Secrets: map[string]string{"a": "x"}}
		if request.IDs[0] == "refused" {
			reply = protocol.SecretsReply{Error: "no"}
		}
		_ = signtest.Answer(m, self, protocol.ForSecrets, reply)
	}); err != nil {
		t.Fatal(err)
	}
	ask := Secrets(w.NC, self, signtest.Public())
	if got, err := ask(t.Context(), []string{"a"}); err != nil || got["a"] != "x" {
		t.Errorf("got %v %v", got, err)
	}
	if got, err := ask(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("got %v %v", got, err)
	}
	for _, ids := range [][]string{{"a", "b"}, {"refused"}} {
		if got, err := ask(t.Context(), ids); err == nil {
			t.Errorf("%v: got %v", ids, got)
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{{}, {NC: &nats.Conn{}, Engine: newRecorder(), ID: 1}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

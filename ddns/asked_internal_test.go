package ddns

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/allowance"
)

// A line is an error where a signed message failed before anything was sent, and nowhere else.
func TestLevels(t *testing.T) {
	t.Parallel()
	failed, sig := errors.New("failed"), &signature{}
	for _, c := range []struct {
		a      asked
		answer reply
		want   slog.Level
	}{
		{asked{err: failed}, reply{rcode: mdns.RcodeServerFailure}, slog.LevelDebug},
		{asked{signed: sig, err: failed}, reply{rcode: mdns.RcodeServerFailure}, slog.LevelError},
		{asked{signed: sig, err: failed}, reply{rcode: mdns.RcodeServerFailure, sent: true}, slog.LevelWarn},
		{asked{signed: sig, what: whatUpdate}, reply{}, slog.LevelInfo},
		{asked{signed: sig, what: whatSOA}, reply{}, slog.LevelDebug},
	} {
		if got := levelOf(&c.a, c.answer); got != c.want {
			t.Errorf("%s for %v, signed %v, sent %v, want %s", got, c.a.err, c.a.signed != nil, c.answer.sent, c.want)
		}
	}
}

// The metrics say of a badly formed signature what its answer says.
func TestCodeOfABadForm(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Server: &Server{metrics: m, cfg: Config{Log: slog.New(slog.DiscardHandler)}}, working: t.Context()}
	r.logged(&asked{what: whatOther}, badForm().reply(), 0)
	r.logged(&asked{what: whatOther}, notAuth(mdns.RcodeBadKey, nil).reply(), 0)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "rcode" {
					codes = append(codes, label.GetValue())
				}
			}
		}
	}
	if slices.Sort(codes); !slices.Equal(codes, []string{"BADKEY", "FORMERR"}) {
		t.Errorf("the codes are %v", codes)
	}
}

// What is not signed, or by a key that is to be looked up, does not wait for a place where all are
// taken: by TCP it is said, by UDP nothing is.
func TestNoPlaceForStrangers(t *testing.T) {
	t.Parallel()
	r := &running{Server: &Server{
		cfg:       Config{Identity: new(identity.Service)},
		unsigned:  make(chan struct{}),
		strangers: allowance.New(strangersMay, "questions without a signature", slog.New(slog.DiscardHandler)),
	}}
	question := new(mdns.Msg).SetQuestion("example.com.", mdns.TypeSOA)
	plain, err := question.Pack()
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := mdns.TsigGenerate(question.SetTsig("unknown.", mdns.HmacSHA256, 300, time.Now().Unix()), "c2VjcmV0", "", false)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"unsigned": plain, "unknown": signed} {
		for _, c := range []*conn{nil, {}} {
			answer, silent := r.answer(t.Context(), &asked{raw: raw, conn: c}, nil)
			if silent != (c == nil) || answer.rcode != mdns.RcodeServerFailure || answer.remark == nil {
				t.Errorf("%s, by TCP %v: silent %v, %+v", name, c != nil, silent, answer)
			}
		}
	}
}

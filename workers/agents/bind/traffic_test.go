package bind

import (
	"strings"
	"syscall"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func TestQueryRate(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	for name, c := range map[string]struct {
		before, now counters
		after       time.Duration
		want        float64
	}{
		"only clients":                 {counters{}, counters{requests: 100}, 10 * time.Second, 10},
		"signed ones do not count":     {counters{requests: 5, signed: 5}, counters{requests: 105, signed: 55}, 10 * time.Second, 5},
		"its own do not count":         {counters{asked: 3}, counters{requests: 50, asked: 33}, 10 * time.Second, 2},
		"its own came a bit later":     {counters{}, counters{requests: 5, asked: 9}, 10 * time.Second, 0},
		"named was started again":      {counters{requests: 100}, counters{requests: 10}, 10 * time.Second, -1},
		"counters of signed ones fell": {counters{requests: 100, signed: 9}, counters{requests: 110}, 10 * time.Second, -1},
	} {
		m := traffic{}
		if first := m.take(c.before, start); first != nil {
			t.Errorf("%s: a rate of %v after one look", name, *first)
		}
		got := -1.0
		if rate := m.take(c.now, start.Add(c.after)); rate != nil {
			got = *rate
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if _, err := parseCounters(strings.NewReader("+++ Statistics Dump +++\n")); err == nil {
		t.Error("statistics without requests were taken for none")
	}
}

// What named counts of itself is read, and what is known of it without asking is reported.
func TestConditionOfNamed(t *testing.T) {
	t.Parallel()
	s := newSystems(t)
	condition := func(what string, ok func(*protocol.Condition) bool) {
		t.Helper()
		s.until(what, func(r protocol.Report) bool { return r.Condition != nil && ok(r.Condition) })
	}
	condition("all is well", func(c *protocol.Condition) bool {
		return c.Process && c.Port && c.Resolve && !c.Since.IsZero() && c.Zones == protocol.ZoneCounts{Total: 3}
	})
	before, err := s.engine.readCounters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const asked = 50
	for range asked {
		s.ask("127.0.0.1", "a.test", mdns.TypeSOA)
	}
	now, err := s.engine.readCounters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if all := now.requests - before.requests; all < asked {
		t.Errorf("named counted %d requests of %d", all, asked)
	}
	s.signal(syscall.SIGSTOP)
	condition("it is frozen", func(c *protocol.Condition) bool { return c.Process && !c.Port && !c.Resolve })
	s.until("it has no version, and nobody counts its questions", func(r protocol.Report) bool {
		return r.Named == "" && r.Condition.Since.IsZero() && r.Condition.QueryRate == nil
	})
	s.named.Kill()
	condition("it is dead", func(c *protocol.Condition) bool { return !c.Process && !c.Port && !c.Resolve })
	testkit.Eventually(t, "its counters cannot be read", func() bool { _, err := s.engine.readCounters(t.Context()); return err != nil })
}

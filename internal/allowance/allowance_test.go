package allowance

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A sender costs its burst, then so much in a second, and nothing of another's.
func TestSendersHaveTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := New(Limits{PerSecond: 10, Burst: 100}, "test", nil)
		allowed := func(id int64, n int) (got int) {
			for range n {
				if a.Take(id, 10) {
					got++
				}
			}
			return got
		}
		if got := allowed(1, 1000); got != 10 {
			t.Errorf("%d at once", got)
		}
		time.Sleep(5 * time.Second)
		if got := allowed(1, 1000); got != 5 {
			t.Errorf("%d after 5 s", got)
		}
		if got := allowed(2, 1000); got != 10 {
			t.Errorf("%d of another", got)
		}
		if a.Take(3, 101) {
			t.Error("more than a burst was allowed")
		}
	})
}

// So many are in work at once, whatever they cost.
func TestInWork(t *testing.T) {
	t.Parallel()
	a := New(Limits{PerSecond: 1000, Burst: 1000, InWork: 2}, "test", nil)
	begins(t, a, 1, true, true, false)
	begins(t, a, 2, true)
	a.End(1)
	if !a.Begin(1, 1) || a.Begin(1, 1) {
		t.Error("who ended made no room, or too much")
	}
	for range 5 {
		a.End(3) // was never begun
	}
	begins(t, a, 3, true, true, false)
	for range 5 {
		a.End(3) // more often than it was begun
	}
	begins(t, a, 3, true, true, false)
	for range 3 {
		if !a.Take(4, 1) {
			t.Error("what is only taken is in work")
		}
	}
	begins(t, a, 4, true, true, false)
}

// begins wants a sender's next beginnings to be allowed, or not.
func begins(t *testing.T, a *Allowances, sender int64, allowed ...bool) {
	t.Helper()
	for i, want := range allowed {
		if got := a.Begin(sender, 1); got != want {
			t.Errorf("beginning %d of sender %d: %t, want %t", i+1, sender, got, want)
		}
	}
}

// A flood is one line, and one more for the rest after a while.
func TestFloodsAreLoggedOnceInAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		a := New(Limits{PerSecond: 1, Burst: 1}, "test", slog.New(slog.NewTextHandler(&out, nil)))
		for range 1000 {
			a.Take(1, 1)
			a.Complain(2, errors.New("nonsense"))
		}
		time.Sleep(complainEvery)
		a.Complain(1, errors.New("the rest"))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], "nonsense") || !strings.Contains(lines[2], "count=999") {
			t.Errorf("%d lines:\n%s", len(lines), out.String())
		}
	})
}

// Senders that are made up do not grow the memory.
func TestManySenders(t *testing.T) {
	t.Parallel()
	a := New(Limits{PerSecond: 1, Burst: 1}, "test", nil)
	for id := range int64(maxSenders + 10) {
		a.Take(id, 1)
	}
	if n := len(a.senders); n > maxSenders {
		t.Errorf("%d senders are remembered", n)
	}
}

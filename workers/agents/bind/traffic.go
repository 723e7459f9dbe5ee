package bind

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// trafficEvery is the pause between two looks at named's counters.
const trafficEvery = 10 * time.Second

// traffic measures how much clients ask.
//
// Invariants:
//  1. The agent's own questions do not count: those without keys are left out by asked, and with
//     named's own counter of signed requests all signed ones, those of secondaries, too.
//  2. A rate is of one life of named: counters that fell begin a new measurement.
type traffic struct {
	engine *Engine
	before counters
	at     time.Time
}

// counters are those of named since its start, and what the agent itself asked meanwhile.
type counters struct {
	// requests are all that are answered, signed those with a TSIG.
	requests, signed uint64
	// asked are the agent's own questions without a key.
	asked uint64
}

// watch measures until ctx ends; then it returns nil.
func (t *traffic) watch(ctx context.Context) error {
	tick := time.NewTicker(trafficEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now, err := t.engine.readCounters(ctx)
		if err != nil {
			if ctx.Err() == nil {
				t.engine.log.Debug("cannot read named's counters", "error", err)
			}
			t.at = time.Time{}
			t.engine.setQueryRate(nil)
			continue
		}
		t.engine.setQueryRate(t.take(now, time.Now()))
	}
}

// take returns the questions a second since the counters before, nil if there are none to compare with.
func (t *traffic) take(now counters, at time.Time) *float64 {
	before, since := t.before, at.Sub(t.at)
	first := t.at.IsZero()
	t.before, t.at = now, at
	if first || since <= 0 || now.requests < before.requests || now.signed < before.signed {
		return nil
	}
	own := (now.signed - before.signed) + (now.asked - before.asked)
	rate := max(0, float64(now.requests-before.requests)-float64(own)) / since.Seconds()
	return &rate
}

// readCounters has named write its statistics, and reads them. named appends to the file, so
// the one before is removed first.
func (e *Engine) readCounters(ctx context.Context) (counters, error) {
	file := filepath.Join(e.layout.work(), "named.stats")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return counters{}, err
	}
	asked := e.asked.Load()
	if _, err := e.ask(ctx, "stats"); err != nil {
		return counters{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return counters{}, err
	}
	defer func() { _ = f.Close() }()
	c, err := parseCounters(f)
	c.asked = asked
	return c, err
}

// parseCounters reads the sections of named's statistics that count what comes in: lines of a
// number and what it counts, below a heading between plus signs.
func parseCounters(r io.Reader) (c counters, err error) {
	section := ""
	found := false
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "++ ") {
			section = strings.Trim(line, "+ ")
			found = found || section == "Incoming Requests"
			continue
		}
		number, what, _ := strings.Cut(line, " ")
		n, err := strconv.ParseUint(number, 10, 64)
		switch {
		case err != nil:
		case section == "Incoming Requests":
			c.requests += n
		case section == "Name Server Statistics" && what == "requests with TSIG received":
			c.signed += n
		}
	}
	if err := lines.Err(); err != nil {
		return counters{}, err
	}
	if !found {
		return counters{}, fmt.Errorf("bind: named's statistics say nothing of requests")
	}
	return c, nil
}

// setQueryRate is nil while the rate is not known.
func (e *Engine) setQueryRate(rate *float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queryRate = rate
}

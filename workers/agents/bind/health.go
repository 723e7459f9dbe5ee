package bind

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/opsledger/opsledger/protocol"
)

const (
	// askEvery is the pause between two rounds of questions while clients get what the log
	// says, doubtEvery while they do not.
	askEvery   = 2500 * time.Millisecond
	doubtEvery = 500 * time.Millisecond
	// silenceSaid is how long named may be silent before that is said: it may be starting.
	silenceSaid = 5 * time.Second
	// roundTimeout bounds one round, answerTimeout one question.
	roundTimeout, answerTimeout = 10 * time.Second, time.Second
	// askedZones is how many zones of a view are asked for at each address in one round, beside
	// those that something is or may be wrong with; it is by chance which.
	askedZones = 16
	// maxFaults bounds the faults of one round; the others are said when these have ended.
	maxFaults = 256
)

// health asks named what clients ask, as they ask it.
//
// Invariants:
//  1. What clients do not get is in every report within 15 s, whatever the engine itself
//     believes of named: it has a key and an address of its own. The same holds for the end.
//     Zones are asked for in each round as long as something is wrong with them; which those are
//     is found by [Engine.sweep], which asks for all of them as clients do.
//  2. A fault concerns what it was seen for alone: one zone in a view, else one view, else
//     the whole server.
//  3. Nothing is a fault that the log wants so: what the configuration's allow-query
//     refuses, and what is being changed at that moment.
//  4. A fault is said when it was seen in two rounds, and silence when it lasts.
type health struct {
	engine *Engine
	seen   map[concern]*sighting
}

// concern is what a fault is about: a zone of a view, a view, or (both zero) the server. The
// address, if there is one, is where it was seen.
type concern struct {
	address string
	view    int64
	zone    string
}

// fault is what clients get instead of what the log says.
type fault struct {
	concern
	zoneID  int64
	silent  bool
	message string
}

// sighting is a fault that was seen in every round since.
type sighting struct {
	fault
	since  time.Time
	rounds int
}

// said says whether the fault is part of reports.
func (s *sighting) said(now time.Time) bool {
	return s.rounds > 1 && (!s.silent || now.Sub(s.since) >= silenceSaid)
}

// watch asks until ctx ends; then it returns nil.
func (h *health) watch(ctx context.Context) error {
	pause := time.NewTimer(askEvery)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		began := time.Now()
		faults := h.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		h.note(faults, began)
		h.engine.countZones()
		pause.Reset(cmp.Or(doubtEvery*time.Duration(min(len(h.seen), 1)), askEvery))
	}
}

// note compares a round with those before, and tells the engine what is to be said; now is
// when the round began.
func (h *health) note(faults []fault, now time.Time) {
	before := h.seen
	h.seen = make(map[concern]*sighting, len(faults))
	for _, f := range faults[:min(len(faults), maxFaults)] {
		s := before[f.concern]
		if s == nil {
			s = &sighting{since: now}
		}
		s.fault = f
		s.rounds++
		h.seen[f.concern] = s
	}
	said := map[concern]fault{}
	for at, s := range h.seen {
		if s.said(now) {
			said[at] = s.fault
		}
	}
	h.engine.setUnserved(said)
}

// setUnserved replaces what reports say of clients.
func (e *Engine) setUnserved(said map[concern]fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if maps.Equal(said, e.unserved) {
		return
	}
	for at, f := range said {
		if _, before := e.unserved[at]; !before {
			e.metrics.failures.Inc()
			if f.silent {
				e.fellSilent(f.message)
			}
			e.log.Warn("clients do not get what the log says", "error", f.message)
		}
	}
	if len(said) == 0 {
		e.log.Info("clients get what the log says again")
	}
	e.unserved = said
	e.notify()
}

// unservedLocked is what clients do not get, for a report. The caller holds the lock.
func (e *Engine) unservedLocked() []protocol.Failure {
	var list []protocol.Failure
	for _, f := range e.unserved {
		one := protocol.Failure{Now: true, ViewID: f.view, ZoneID: f.zoneID, More: f.view == 0, Message: f.message}
		if f.view != 0 {
			one.View = viewTitle(e.state, f.view)
		}
		if f.zone != "" {
			one.Zone = f.zone
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b protocol.Failure) int { return cmp.Compare(a.Message, b.Message) })
	return list
}

package bind

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// driftPause is the least time between two findings of one zone, and tellEvery the pause between
// looks at those that wait for it.
const (
	driftPause = time.Minute
	tellEvery  = time.Second
)

// driftBook has what was told of drift, and what waits to be told. What is about no zone is told
// under the name "". The engine's lock guards it.
//
// Invariants:
//  1. Of a zone there is one finding in a minute; one that comes earlier waits, and a later one takes
//     its place.
//  2. Above [dns.MaxDriftZones] zones in a minute the others are counted, and told as one finding.
//     So what waits is bounded, too.
//  3. What is to be adopted is neither kept nor counted: its zone is held until it was told, and its
//     worker tells it again. Told from here it would be said to be repaired, and take the zone's turn.
type driftBook struct {
	told    map[string]time.Time
	waiting map[string]protocol.DriftFinding
	// many counts the zones that are told as one.
	many int
}

func newDriftBook() driftBook {
	return driftBook{told: map[string]time.Time{}, waiting: map[string]protocol.DriftFinding{}}
}

// admits says whether a finding may be told now, and if so notes that it is. It keeps one that may not.
func (b *driftBook) admits(f protocol.DriftFinding, now time.Time) bool {
	zones := 0
	for zone, at := range b.told {
		if now.Sub(at) >= driftPause {
			delete(b.told, zone)
		} else if zone != "" {
			zones++
		}
	}
	adopts := f.Update != nil
	switch _, lately := b.told[f.Zone]; {
	case lately:
		if !adopts {
			b.keep(f)
		}
		return false
	case f.Zone != "" && zones >= dns.MaxDriftZones:
		if !adopts {
			b.many++
		}
		return false
	}
	b.told[f.Zone] = now
	delete(b.waiting, f.Zone)
	return true
}

// keep keeps a finding to be told later.
func (b *driftBook) keep(f protocol.DriftFinding) { b.waiting[f.Zone] = f }

// takeBack notes that a finding could not be told.
func (b *driftBook) takeBack(f protocol.DriftFinding) {
	delete(b.told, f.Zone)
	if f.Update == nil {
		b.keep(f)
	}
}

// due returns a finding that may be told now, and notes that it is.
func (b *driftBook) due(mode dns.DriftMode, now time.Time) (f protocol.DriftFinding, is bool) {
	if _, waits := b.waiting[""]; !waits && b.many > 0 {
		b.waiting[""] = protocol.DriftFinding{
			What: dns.DriftMany, Zones: b.many, Done: doneBy(mode),
			Expected: "what the log says", Found: "other zones, records or serials",
		}
		b.many = 0
	}
	for zone, f := range b.waiting {
		if now.Sub(b.told[zone]) >= driftPause && b.admits(f, now) {
			return f, true
		}
	}
	return f, false
}

// doneBy is what the engine does about drift in a mode, unless the log takes it over.
func doneBy(mode dns.DriftMode) dns.DriftDone {
	if mode == dns.DriftReport {
		return dns.DriftReported
	}
	return dns.DriftRepaired
}

// tell tells the control plane of drift and returns what became of it, the zero verdict for a finding
// that is told later. After an error it is told again later, too.
func (e *Engine) tell(ctx context.Context, f protocol.DriftFinding) (protocol.DriftVerdict, error) {
	f.Zone = strings.TrimSuffix(f.Zone, ".")
	f = f.Shortened()
	e.mu.Lock()
	admitted := e.drift.admits(f, time.Now())
	e.mu.Unlock()
	if !admitted {
		return protocol.DriftVerdict{}, nil
	}
	return e.tellNow(ctx, f)
}

func (e *Engine) tellNow(ctx context.Context, f protocol.DriftFinding) (protocol.DriftVerdict, error) {
	if f.ID == uuid.Nil {
		f.ID = uuid.New()
	}
	v, err := e.cfg.Drift(ctx, f)
	if err == nil && v.Done != "" {
		return v, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.drift.takeBack(f)
	} else if f.Update == nil {
		f.ID = uuid.Nil // it was answered: nothing was noted
		e.drift.keep(f)
	}
	return v, err
}

// tellSoon tells of drift without waiting for it.
func (e *Engine) tellSoon(f protocol.DriftFinding) {
	if e.cfg.Drift == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drift.keep(f.Shortened())
}

// tellKept tells what waits, until ctx ends.
func (e *Engine) tellKept(ctx context.Context) error {
	if e.cfg.Drift == nil {
		return nil
	}
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for {
			e.mu.Lock()
			f, is := e.drift.due(e.state.onDrift, time.Now())
			e.mu.Unlock()
			if !is {
				break
			}
			if _, err := e.tellNow(ctx, f); err != nil {
				if ctx.Err() == nil {
					e.log.Debug("drift is not told yet", "zone", f.Zone, "error", err)
				}
				break
			}
		}
	}
}

package bind

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// A slave's named gets its zones from the masters, which announce each change to it. The engine sends it
// no updates: it waits until named serves what the log says, and proves that as of a primary.
//
// Invariants:
//  1. A change counts as applied when named serves the zone with the serial that the change gave it, and
//     what the change left was read back; or with a later serial, while the engine knows of a later change
//     of the zone, and what was read back differs by RRsets of later changes alone.
//  2. Waiting holds no worker, and costs a question each time that somebody looks.
//  3. What the masters do not give is pending, whatever named serves meanwhile. It is a failure of one zone
//     only where they have given others since.

// errAwaited says that named does not have from its primaries yet what the log says.
var errAwaited = errors.New("named does not have the zone from its primaries yet")

const (
	// firstLook is the pause before the second look, which doubles with each one up to lastLook.
	firstLook, lastLook = 4 * time.Millisecond, 8 * time.Second
	// patientLooks is how many looks named is left alone: a notification is on its way. After that it is
	// told to ask its primaries, with every askAgain-th look. Where it has something else than the log it is
	// left alone for doubtfulLooks: the engine may lag behind the primaries.
	patientLooks, doubtfulLooks, askAgain = 8, 10, 3
	// failsAfter is how long a zone may wait while others come.
	failsAfter = 20 * time.Second
)

// kindOf is the type of a zone's statement.
func kindOf(secondary bool) string {
	if secondary {
		return kindSecondary
	}
	return kindPrimary
}

// follow looks whether named serves what the job says, which it gets from its primaries.
func (w *worker) follow(ctx context.Context, j job) (outcome, error) {
	if j.installed.kind != kindSecondary {
		if err := w.enlist(ctx, &j); err != nil {
			return outcome{installed: j.installed}, err
		}
	}
	out := outcome{installed: j.installed, compared: j.full}
	soa, err := w.soa(ctx, j.key)
	rcode, differs := dnsclient.RcodeError(0), mismatch("")
	switch {
	case errors.As(err, &rcode), errors.As(err, &differs):
		return out, w.hasten(ctx, j, "refresh", err)
	case err != nil:
		return out, err
	case dns.SerialLater(j.serial, soa.Serial):
		return out, w.hasten(ctx, j, "refresh", fmt.Errorf("it has serial %d, and is to have %d", soa.Serial, j.serial))
	}
	if out.soa, err = w.verify(ctx, j); errors.As(err, &differs) {
		return out, w.hasten(ctx, j, "retransfer", err)
	}
	return out, err
}

// hasten has named ask its primaries once it has waited for long, and returns that the zone is awaited.
func (w *worker) hasten(ctx context.Context, j job, command string, why error) error {
	patience := patientLooks
	if command == "retransfer" {
		patience = doubtfulLooks
	}
	if j.looks >= patience && (j.looks-patience)%askAgain == 0 {
		if command == "retransfer" {
			w.engine.metrics.drift.Inc()
			w.engine.log.Warn("zone of a slave is not what the log says, transferring it anew", "zone", j.key.zone, "view", j.key.view, "error", why)
		}
		if _, err := w.engine.control(ctx, command+" "+zoneArgs(j.key)); err != nil && ctx.Err() == nil {
			w.engine.log.Debug("named does not ask its primaries", "zone", j.key.zone, "view", j.key.view, "error", err)
		}
	}
	return fmt.Errorf("%w: %w", errAwaited, why)
}

// enlist adds a zone as one of a slave, or makes it one.
func (w *worker) enlist(ctx context.Context, j *job) (err error) {
	switch j.installed.kind {
	case kindPrimary:
		if err := w.convert(ctx, j); err != nil {
			return err
		}
		_, err = w.engine.control(ctx, "refresh "+zoneArgs(j.key)) // of what it was told meanwhile it knows nothing
		return err
	case "":
		j.installed, err = w.engine.addSecondary(ctx, *j)
		return err
	default:
		return w.engine.removeZone(ctx, j.key, j.installed)
	}
}

// convert makes another type of zone of one that named has, with a file that has the job's content: named
// answers for it but in the moment between two commands.
func (w *worker) convert(ctx context.Context, j *job) error {
	e := w.engine
	file, err := e.writeZone(*j)
	if err != nil {
		return &refusal{text: err.Error()}
	}
	former := j.installed
	j.installed = installed{}
	if err := e.replaceStatement(ctx, *j, file); err != nil {
		return err
	}
	j.installed = installed{known: true, kind: kindOf(j.secondary), file: file}
	e.removeFiles(former.file)
	return nil
}

// verify reads back what the job left, and returns the SOA of that moment.
func (w *worker) verify(ctx context.Context, j job) (*mdns.SOA, error) {
	soa, differing, err := w.differing(ctx, j)
	if err != nil {
		return nil, err
	}
	later, touched := w.engine.touchedSince(j)
	switch {
	case soa.Serial == j.serial && !sameButSerial(j.content.soa(0), soa):
		return nil, mismatch("named serves another SOA than the log's")
	case soa.Serial == j.serial:
		touched = nil
	case !later || dns.SerialLater(j.serial, soa.Serial):
		return nil, mismatch(fmt.Sprintf("named has serial %d, and the log %d", soa.Serial, j.serial))
	}
	differing = slices.DeleteFunc(differing, func(ch change) bool { return touched[ch.key] })
	if len(differing) > 0 {
		key := differing[0].key
		return nil, mismatch(fmt.Sprintf("named serves another %s at %s than the log says", dns.TypeName(key.rrtype), absolute(key.owner, j.key.zone)))
	}
	return soa, nil
}

// touchedSince says whether the engine knows of changes of the zone after the job's, and which RRsets they
// are of.
func (e *Engine) touchedSince(j job) (later bool, touched map[setKey]bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	z := e.state.inView[j.key]
	if z == nil || z.generation != j.generation || z.waiting == 0 {
		return false, nil
	}
	touched = make(map[setKey]bool, len(z.tracked))
	for key := range z.tracked {
		touched[key] = true
	}
	for _, generated := range []map[setKey]*rrset{z.apex.sets, e.state.apexOf(z).sets} {
		for key := range generated {
			touched[key] = true
		}
	}
	return true, touched
}

// apexOf is what is generated for a zone now.
func (s *desiredState) apexOf(z *zoneInView) apex {
	return s.fallback.apexWith(z.key.zone, z.want.sets, z.want.settings.TTL())
}

// differing lists the RRsets of the job of which named serves something else, with the SOA of that moment.
// A few are asked for as clients ask. What clients cannot see, and many, are taken from a transfer: named
// compares nothing with the data of a zone that it may not update.
func (w *worker) differing(ctx context.Context, j job) (*mdns.SOA, []change, error) {
	if !j.full && !transferPays(len(j.changes), j.size) {
		soa, differing, hidden, err := w.askFor(ctx, j)
		if err != nil || !hidden {
			return soa, differing, err
		}
	}
	held, soa, err := w.fetch(ctx, j.key)
	if err != nil {
		return nil, nil, err
	}
	if j.full {
		return soa, j.content.diff(held), nil
	}
	return soa, slices.DeleteFunc(slices.Clone(j.changes), func(ch change) bool { return ch.want.equal(held[ch.key]) }), nil
}

// askedTogether is how many RRsets are asked for at once.
const askedTogether = 200

// askFor asks for the changed RRsets. hidden says that clients cannot see all of them.
func (w *worker) askFor(ctx context.Context, j job) (soa *mdns.SOA, differing []change, hidden bool, err error) {
	conn, err := w.connection(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	key := w.engine.viewKey(j.key.view)
	for first := true; first || len(j.changes) > 0; first = false {
		some := j.changes[:min(len(j.changes), askedTogether)]
		j.changes = j.changes[len(some):]
		questions := []*mdns.Msg{question(j.key.zone, mdns.TypeSOA)}
		for _, ch := range some {
			questions = append(questions, question(absolute(ch.key.owner, j.key.zone), ch.key.rrtype))
		}
		answers, err := conn.ExchangeAll(ctx, key, questions)
		if err != nil {
			w.hangUp()
			return nil, nil, false, err
		}
		if soa, err = soaIn(answers[0], j.key.zone); err != nil {
			return nil, nil, false, err
		}
		for i, ch := range some {
			seen, err := compareAnswer(answers[i+1], j.key.zone, ch)
			if differs := mismatch(""); errors.As(err, &differs) {
				differing = append(differing, ch)
			} else if err != nil {
				return nil, nil, false, err
			}
			hidden = hidden || err == nil && !seen
		}
	}
	return soa, differing, hidden, nil
}

// putAway puts a job away until somebody looks again whether named has what it says. The caller holds the lock.
func (e *Engine) putAway(z *zoneInView, j job, o outcome, err error) {
	if z.installed = o.installed; j.generation != z.generation {
		e.state.postpone(z)
		z.requeue = true
		return
	}
	if j.installed = o.installed; j.looks == 0 {
		j.began = time.Now()
	}
	pause := min(firstLook<<min(j.looks, 20), lastLook)
	j.looks++
	z.awaited = &j
	if z.failure == nil && time.Since(j.began) > failsAfter && e.followed.After(j.began) {
		e.reportFailure(z, err)
		return
	}
	e.retry(z, pause-rand.N(pause/4))
}

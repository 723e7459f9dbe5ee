package bind

import (
	"context"
	"errors"
	"fmt"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// An engine goes on from what the one before in its directory has stored, so that an agent that is started again need
// not take everything anew. Whoever has both ends sees to the order: Stored, whether the log has that event, Resume, the
// changes since by Take, and Begin once no change is missing. Before Begin the engine lets named be, which may serve
// more than was stored.
//
// Invariants:
//  1. A zone in view counts as proved without a comparison only if it was proved, under the serial that the log wants
//     now, of this very start of named, and if named shows this serial and the wanted SOA. Whatever somebody changes in
//     a named that runs, by a message, gives the zone another serial.
//  2. Each other zone is compared as after a snapshot. What was changed under an equal serial is found by the
//     comparison of all zones that never ends.

// Stored reads what the engine before has stored, and says whether there is something to resume from.
func (e *Engine) Stored() (Origin, bool) {
	e.mu.Lock()
	left := e.left
	e.mu.Unlock()
	if left != nil {
		return left.Origin, true
	}
	left, err := readStored(e.layout.stored(), e.program)
	if err != nil {
		if !errors.Is(err, errNothingStored) {
			e.log.Info("takes everything anew", "reason", err)
		}
		return Origin{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.left = left
	return left.Origin, true
}

// Resume makes what Stored has read the desired state. An error means that the engine has to be reset.
func (e *Engine) Resume() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	left := e.left
	e.left = nil
	if left == nil || e.loaded {
		return errNothingStored
	}
	if err := e.state.resetWith(left.snapshot(), left.fill); err != nil {
		return fmt.Errorf("resume from what is stored: %w", err)
	}
	e.resumed = left.Boot
	e.storedOrigin, e.storedAt = left.Origin, time.Now()
	return nil
}

// Begin lets the engine work after Resume, once it has all changes of the log up to now.
func (e *Engine) Begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.loaded = true
	e.queueDirty(false)
	e.wakeDriver()
	e.notify()
}

// takeProofs takes over what the engine before has proved, if that holds for the start of named that an inventory was
// taken of. Of a zone about which it cannot ask nothing is taken over. No worker may be busy.
func (e *Engine) takeProofs(ctx context.Context, boot string) {
	held := e.proofs(boot)
	if len(held) > 0 {
		began := time.Now()
		taken, err := e.takeProofsOf(ctx, held)
		e.log.Info("goes on from what was proved before", "zones", len(held), "proved", taken, "took", time.Since(began).Round(time.Millisecond))
		if err != nil {
			e.log.Warn("cannot ask for all that was proved before", "error", err)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, z := range e.state.inView {
		z.proof = nil
	}
	e.boot, e.resumed = boot, ""
}

func (e *Engine) takeProofsOf(ctx context.Context, held []expected) (taken int, err error) {
	conn, err := dnsclient.Dial(ctx, e.dialAddr())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	for _, part := range inParts(held) {
		soas, err := e.soasOf(ctx, conn, part)
		if err != nil {
			return taken, err
		}
		e.mu.Lock()
		for i, x := range part {
			if e.takeProof(x, soas[i]) {
				taken++
			}
		}
		e.mu.Unlock()
	}
	return taken, nil
}

// proofs are the zones that may be proved by their serials, if the proofs hold for this start of named.
func (e *Engine) proofs(boot string) (held []expected) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.resumed == "" || e.resumed != boot {
		return nil
	}
	for _, z := range e.state.inView {
		if z.proof != nil && z.want != nil && !z.want.forwards() && z.installed.known && z.installed.kind == kindOf(e.state.peers.secondary) {
			held = append(held, expected{zone: z, serial: z.proof.serial})
		}
	}
	return held
}

// soasOf asks named for the SOAs of zones of one view. One that named does not show is nil.
func (e *Engine) soasOf(ctx context.Context, conn *dnsclient.Conn, part []expected) ([]*mdns.SOA, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	questions := make([]*mdns.Msg, len(part))
	for i, x := range part {
		questions[i] = question(x.zone.key.zone, mdns.TypeSOA)
	}
	answers, err := conn.ExchangeAll(ctx, e.viewKey(part[0].zone.key.view), questions)
	if err != nil {
		return nil, err
	}
	soas := make([]*mdns.SOA, len(part))
	for i, x := range part {
		if soa, err := soaIn(answers[i], x.zone.key.zone); err == nil {
			soas[i] = soa
		}
	}
	return soas, nil
}

// takeProof makes a zone count as proved if it is what invariant 1 says. The caller holds the lock.
func (e *Engine) takeProof(x expected, soa *mdns.SOA) bool {
	z := x.zone
	if soa == nil || z.want == nil || z.want.forwards() || z.proof == nil || z.failure != nil {
		return false
	}
	j := e.state.number(z.job(e.state.fallback, false))
	if j.serial != x.serial || soa.Serial != x.serial || !sameButSerial(j.content.soa(0), soa) {
		return false
	}
	z.begin()
	z.tracked, z.trail, z.remade, z.apex = map[setKey]*rrset{}, trail{}, false, j.content.apex
	verified := z.proof.verified
	e.state.settle(z, j, outcome{installed: z.installed, soa: soa}, time.Now())
	z.verified = verified
	return true
}

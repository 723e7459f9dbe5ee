package bind

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

const (
	// commandTimeout bounds one control command; adding a zone loads it.
	commandTimeout = 60 * time.Second
	// zoneTimeout bounds the work on one zone.
	zoneTimeout = 2 * time.Minute
	// transferAt is the number of changed RRsets from which on the whole zone may be
	// read back by a transfer.
	transferAt = 400
	// transferCost is how many RRsets of a transfer cost as much as the comparison of one.
	transferCost = 3
)

// errStale says that somebody else changed the zone since it was last read.
var errStale = errors.New("named's zone is not what was last read")

// worker works on one zone after the other over a connection of its own.
type worker struct {
	engine *Engine
	conn   *dnsclient.Conn
}

// run works until the queue is closed.
func (w *worker) run(ctx context.Context) {
	defer w.hangUp()
	e := w.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		z, background := e.queue.get()
		if z == nil {
			return
		}
		began := time.Now()
		w.handle(ctx, z)
		if pause := z.pace(time.Since(began)); pause > 0 {
			e.rest(z, pause)
		}
		e.queue.done(z, background)
		e.queueDirty(true)
	}
}

// handle does what a zone needs now. The caller holds the engine's lock, which
// handle releases while it talks to named.
func (w *worker) handle(ctx context.Context, z *zoneInView) {
	e := w.engine
	if !e.state.settings.configured[z.key.view] || e.state.peers.secondary && !e.state.settings.secondary {
		e.park(z)
		return
	}
	if z.expects(e.state.seen, time.Now()) {
		return
	}
	if z.awaited != nil {
		j := *z.awaited
		z.awaited = nil
		w.do(ctx, z, j)
		return
	}
	check := z.checkDue
	z.checkDue = false
	if z.unapplied() == 0 && z.failure == nil && !check && z.proved() {
		return
	}
	w.do(ctx, z, e.state.startJob(z, check))
}

// do works on a job. The caller holds the engine's lock, which do releases meanwhile.
func (w *worker) do(ctx context.Context, z *zoneInView, j job) {
	e := w.engine
	e.mu.Unlock()
	started := time.Now()
	done, err := w.work(ctx, j)
	e.mu.Lock()
	switch {
	case err == nil:
		e.metrics.updateSeconds.Observe(time.Since(started).Seconds())
		e.settle(z, j, done)
	case errors.Is(err, errAwaited) && ctx.Err() == nil:
		e.putAway(z, j, done, err)
	default:
		e.handleFailure(ctx, z, err)
		z.keepProof(j, err)
	}
}

// work makes named serve what the job says, and proves it.
func (w *worker) work(ctx context.Context, j job) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, zoneTimeout)
	defer cancel()
	if err := w.engine.endFreeze(ctx, j.key); err != nil {
		return outcome{}, err
	}
	if !j.installed.known {
		have, err := w.engine.showZone(ctx, j.key)
		if refusedAs(err, "failure") && j.want != nil {
			// An automatic empty zone has no statement to show. Adding the zone then
			// fails with a clearer message, and is right if the cause is another.
			have, err = installed{known: true}, nil
		}
		if err != nil {
			return outcome{}, err
		}
		j.installed, j.looked = have, true
	}
	switch {
	case j.want == nil:
		return w.clear(ctx, j)
	case j.want.forwards():
		return w.forward(ctx, j)
	case j.secondary:
		return w.follow(ctx, j)
	case w.mayRemake(&j):
		return w.remake(ctx, j)
	case j.full:
		return w.compare(ctx, j)
	default:
		return w.change(ctx, j, j.changes, j.soa)
	}
}

// clear removes whatever named has under the zone's name.
func (w *worker) clear(ctx context.Context, j job) (outcome, error) {
	if j.stray {
		have, err := w.engine.showZone(ctx, j.key) // it was listed, and may have gone since
		if err != nil {
			return outcome{}, err
		}
		if j.installed = have; have.kind != "" {
			if err := w.onAdded(ctx, j); err != nil {
				return outcome{}, err
			}
		}
	}
	if j.installed.kind != "" {
		if err := w.engine.removeZone(ctx, j.key, j.installed); err != nil {
			return outcome{}, err
		}
	}
	return outcome{installed: installed{known: true}}, nil
}

// forward makes named serve a forward-only zone.
func (w *worker) forward(ctx context.Context, j job) (outcome, error) {
	// named is always asked: there is no cheaper proof for a forward-only zone
	have, err := w.engine.showZone(ctx, j.key)
	if err != nil {
		return outcome{}, err
	}
	if have.kind == kindStub && slices.Equal(have.forwarders, j.want.forwarders) {
		return outcome{installed: have, compared: true}, nil
	}
	if j.check {
		if err := w.onMissing(ctx, j, "named does not forward as it was told"); err != nil {
			return outcome{}, err
		}
	}
	if have.kind != "" {
		if err := w.engine.removeZone(ctx, j.key, have); err != nil {
			return outcome{}, err
		}
	}
	if _, err = w.engine.addStub(ctx, j.key, j.want.forwarders); err != nil {
		return outcome{}, err
	}
	if have, err = w.engine.showZone(ctx, j.key); err != nil {
		return outcome{}, err
	}
	if have.kind != kindStub || !slices.Equal(have.forwarders, j.want.forwarders) {
		return outcome{}, mismatch("named shows another statement for the zone than it was given")
	}
	return outcome{installed: have, compared: true}, nil
}

// change sends the changes and reads them back.
func (w *worker) change(ctx context.Context, j job, changes []change, held *mdns.SOA) (outcome, error) {
	out := outcome{installed: j.installed, soa: held}
	target := j.serial
	if len(changes) == 0 && target == held.Serial && sameButSerial(j.content.soa(0), held) {
		return out, nil
	}
	j.byNames = j.byNames || filepath.Dir(j.installed.file) != w.engine.layout.zones()
	parts, rewrite, err := j.distribute(changes)
	if err != nil {
		return out, &refusal{text: err.Error()}
	}
	if rewrite || j.back(held) && j.mayRewrite() {
		return w.rewrite(ctx, j, held)
	}
	msgs, _ := updates(j.content, parts, held, target)
	if err := w.send(ctx, j.key, msgs); err != nil {
		return out, err
	}
	if out.soa, err = w.confirm(ctx, j, changes); err != nil {
		return out, err
	}
	return out, sameSerial(target, out.soa)
}

// sameSerial returns an error unless named has the serial that it was given.
func sameSerial(given uint32, soa *mdns.SOA) error {
	switch {
	case soa.Serial == given:
		return nil
	case dns.SerialLater(soa.Serial, given):
		return fmt.Errorf("%w: it has serial %d after it was given %d", errStale, soa.Serial, given)
	default:
		return mismatch(fmt.Sprintf("named shows serial %d after it was given %d", soa.Serial, given))
	}
}

func (w *worker) send(ctx context.Context, key zoneKey, msgs []*mdns.Msg) error {
	for _, m := range msgs {
		if err := w.update(ctx, key, m); err != nil {
			return err
		}
	}
	w.engine.metrics.updates.Add(float64(len(msgs)))
	return nil
}

func (w *worker) update(ctx context.Context, key zoneKey, m *mdns.Msg) error {
	w.engine.updating.RLock()
	reply, err := w.exchange(ctx, key, m)
	w.engine.updating.RUnlock()
	if err != nil {
		return err
	}
	switch reply.Rcode {
	case mdns.RcodeSuccess:
		return nil
	case mdns.RcodeNXRrset, mdns.RcodeNotAuth, mdns.RcodeServerFailure:
		return fmt.Errorf("%w: %w", errStale, dnsclient.RcodeError(reply.Rcode))
	case mdns.RcodeRefused:
		w.engine.noteFrozen(key, true) // perhaps: the next try looks
		fallthrough
	default:
		return &refusal{text: "update: " + dnsclient.RcodeError(reply.Rcode).Error() + w.engine.reason(key.zone)}
	}
}

// confirm reads back from named what was changed.
func (w *worker) confirm(ctx context.Context, j job, changes []change) (*mdns.SOA, error) {
	if transferPays(len(changes), j.size) {
		return w.confirmWhole(ctx, j, changes)
	}
	conn, err := w.connection(ctx)
	if err != nil {
		return nil, err
	}
	soa, err := readBack(ctx, conn, w.engine.viewKey(j.key.view), j.key.zone, changes)
	if err != nil {
		w.hangUp()
	}
	return soa, err
}

// transferPays says whether a transfer of the whole zone costs less than reading
// back its changed RRsets: it does not in a zone that is much larger than its
// change.
func transferPays(changed, size int) bool { return changed > transferAt && size < transferCost*changed }

func (w *worker) confirmWhole(ctx context.Context, j job, changes []change) (*mdns.SOA, error) {
	held, soa, err := w.fetch(ctx, j.key)
	if err != nil {
		return nil, err
	}
	for _, ch := range changes {
		if !ch.want.equal(held[ch.key]) {
			return nil, mismatch(fmt.Sprintf("named serves another %s at %s than it was given",
				dns.TypeName(ch.key.rrtype), absolute(ch.key.owner, j.key.zone)))
		}
	}
	return soa, nil
}

package bind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// Drift of a zone is what named has otherwise than it was proved to have. That is known as long as the
// engine runs: of what named had before the engine's start only content that the log cannot have led to
// is drift, with the serial that the log gives or a later one.

// proven is what named was proved to hold of a zone, beside what is wanted.
type proven struct {
	// held are the RRsets that are wanted otherwise since then.
	held map[setKey]*rrset
	// serial was read back; ours is another one that the engine itself may have given since, 0 for none.
	serial, ours uint32
}

// reported is drift that is left as it is.
type reported struct {
	text string
	// serial is the zone's in named, 0 where named does not have it.
	serial uint32
	// changed is the position of the zone's content at that time.
	changed domain.Position
}

// provenNow returns what named is proved to hold of the zone, nil if that is not known.
func (z *zoneInView) provenNow(next content) *proven {
	if z.tracked == nil || z.soa == nil || z.want == nil || z.want.forwards() {
		return z.proven
	}
	p := &proven{held: map[setKey]*rrset{}, serial: z.soa.Serial}
	for _, ch := range z.pendingChanges(next) {
		p.held[ch.key] = ch.held
	}
	return p
}

// provenBefore is [zoneInView.provenNow] of a named that was started anew.
func (z *zoneInView) provenBefore() *proven {
	if z.tracked == nil || z.soa == nil || z.want == nil || z.want.forwards() {
		return z.proven
	}
	return &proven{held: maps.Clone(z.tracked), serial: z.soa.Serial}
}

// remember must be called before a record of the wanted copy changes, as [zoneInView.track].
func (z *zoneInView) remember(key setKey) {
	if z.proven == nil {
		return
	}
	if _, known := z.proven.held[key]; !known {
		z.proven.held[key] = content{zone: z.key.zone, sets: z.want.sets, apex: z.apex}.set(key)
	}
}

// keepProof keeps what is known of what named was proved to hold, where a job that failed has left
// that to be compared.
func (z *zoneInView) keepProof(j job, err error) {
	_, held := errors.AsType[*heldDrift](err)
	if stale := errors.Is(err, errStale); j.proven != nil && (stale || held) {
		p := *j.proven
		p.ours = j.serial
		z.proven = &p
	}
}

// foreign returns those of the changes that the log has not led to.
func (p *proven) foreign(changes []change) (list []change) {
	for _, ch := range changes {
		base, pending := p.held[ch.key]
		switch {
		case !pending:
			list = append(list, ch)
		case !ch.held.equal(base):
			list = append(list, change{key: ch.key, held: ch.held, want: base})
		}
	}
	return list
}

// drift says what of the zone in named is drift: the changes that would undo it, and whether there is
// any.
func (j *job) drift(changes []change, soa *mdns.SOA) (foreign []change, is bool) {
	switch {
	case j.reported != nil:
		return changes, len(changes) > 0 || !j.hasSOA(soa)
	case j.proven != nil:
		foreign = j.proven.foreign(changes)
		other := soa.Serial != j.proven.serial && soa.Serial != j.proven.ours || j.check && soa.Serial == j.serial && !j.hasSOA(soa)
		return foreign, len(foreign) > 0 || other
	case j.uncertain: // it may be the engine's own
		return nil, false
	default:
		return changes, dns.SerialLater(soa.Serial, j.serial) || soa.Serial == j.serial && len(changes) > 0
	}
}

func (j *job) hasSOA(soa *mdns.SOA) bool {
	return soa.Serial == j.serial && sameButSerial(j.content.soa(0), soa)
}

// reportedDrift is the error of a zone whose drift is left as it is.
type reportedDrift struct{ reported }

func (r *reportedDrift) Error() string { return r.text }

// heldDrift is the error of a zone whose drift is to be adopted, and is not yet.
type heldDrift struct{ err error }

func (h *heldDrift) Error() string {
	if h.err == nil {
		return "drift waits to be adopted: there was other drift of the zone just now"
	}
	return "drift waits to be adopted: " + h.err.Error()
}

// awaitLog is the error of a zone that is to be worked on once the log's events up to a position are
// there.
type awaitLog struct{ position domain.Position }

func (a *awaitLog) Error() string { return fmt.Sprintf("waits for the log's position %d", a.position) }

// awaitMost is how long a zone waits for that.
const awaitMost = 10 * time.Second

// expects says whether the zone still waits for what the log has.
func (z *zoneInView) expects(seen domain.Position, now time.Time) bool {
	if z.expected > seen && now.Before(z.expectedUntil) {
		return true
	}
	z.expected = 0
	return false
}

// settleDrift decides on errors by which drift is not repaired now, and says whether err is one. The
// caller holds the lock.
func (e *Engine) settleDrift(z *zoneInView, err error) bool {
	var (
		left  *reportedDrift
		held  *heldDrift
		await *awaitLog
	)
	switch {
	case errors.As(err, &left):
		e.state.fail(z, left.text)
		z.reported, z.verified = &left.reported, time.Now()
	case errors.As(err, &held):
		e.reportFailure(z, err)
	case errors.As(err, &await):
		e.state.postpone(z)
		z.uncertain, z.reported = 0, nil
		z.expected, z.expectedUntil = await.position, time.Now().Add(awaitMost)
		if z.requeue = z.requeue || e.state.seen >= await.position; !z.requeue {
			e.retry(z, awaitMost)
		}
	default:
		return false
	}
	return true
}

// onDrift tells of drift, and returns nil if it is to be repaired now. adopt makes the update by which
// the log would have it, nil where there is none.
func (w *worker) onDrift(ctx context.Context, j job, f protocol.DriftFinding, adopt func() []byte) error {
	e := w.engine
	if j.reported == nil {
		e.metrics.drift.Inc()
		e.log.Warn("a zone was changed outside the log", "zone", j.key.zone, "view", j.key.view, "what", f.What, "found", f.Found, "by", f.By)
	}
	if e.cfg.Drift == nil {
		return nil
	}
	f.Zone, f.ViewID, f.ZoneID, f.Done = j.key.zone, j.key.view, j.zoneID, dns.DriftRepaired
	mode := j.onDrift
	if j.reported != nil && j.reported.changed != j.changed {
		mode = dns.DriftRepair // it was left until the content changes
	}
	switch mode {
	case dns.DriftReport:
		return w.leave(ctx, j, f)
	case dns.DriftAdopt:
		if adopt != nil {
			f.Update = adopt()
		}
	}
	v, err := e.tell(ctx, f)
	switch {
	case f.Update != nil && (err != nil || v.Done == ""):
		return &heldDrift{err}
	case err == nil && v.Await > 0:
		return &awaitLog{v.Await}
	default:
		return nil
	}
}

// leave leaves drift as it is, and tells of it unless it was told.
func (w *worker) leave(ctx context.Context, j job, f protocol.DriftFinding) error {
	f.Done = dns.DriftReported
	left := &reportedDrift{reported{text: fmt.Sprintf("drift is left as it is (%s): found %s", f.What, f.Found), changed: j.changed}}
	if f.Serial != nil {
		left.serial = *f.Serial
	}
	if j.reported != nil && j.reported.text == left.text {
		return left
	}
	if _, err := w.engine.tell(ctx, f); err != nil && ctx.Err() == nil {
		w.engine.log.Debug("drift is told later", "zone", j.key.zone, "error", err)
	}
	return left
}

// onOtherContent decides on a zone whose content in named is drift.
func (w *worker) onOtherContent(ctx context.Context, j job, foreign []change, soa *mdns.SOA) error {
	f := protocol.DriftFinding{What: dns.DriftRecords, Serial: &soa.Serial, By: w.engine.whoChanged(j.key, foreign)}
	f.Expected, f.Found = describe(j.key.zone, foreign)
	if len(foreign) == 0 {
		f.What, f.Expected, f.Found = dns.DriftSerial, fmt.Sprintf("serial %d", j.serial), fmt.Sprintf("serial %d", soa.Serial)
		if soa.Serial == j.serial {
			f.Expected, f.Found = j.content.soa(j.serial).String(), soa.String()
		}
		return w.onDrift(ctx, j, f, nil)
	}
	return w.onDrift(ctx, j, f, func() []byte { return adoption(j.key.zone, foreign) })
}

// onMissing decides on a zone that named does not have, or does not serve.
func (w *worker) onMissing(ctx context.Context, j job, found string) error {
	return w.onDrift(ctx, j, protocol.DriftFinding{What: dns.DriftZoneMissing, Expected: "the zone is served", Found: found}, nil)
}

// onNotServed decides on a zone that named has and does not serve: that is drift where named did.
func (w *worker) onNotServed(ctx context.Context, j job, answer error) error {
	if j.proven == nil && j.reported == nil {
		return nil
	}
	if errors.Is(answer, mdns.ErrAuth) {
		return w.onMissing(ctx, j, "named does not have the zone")
	}
	return w.onMissing(ctx, j, answer.Error())
}

// onAdded decides on a zone that the log does not have.
func (w *worker) onAdded(ctx context.Context, j job) error {
	return w.onDrift(ctx, j, protocol.DriftFinding{
		What: dns.DriftZoneAdded, Expected: "no such zone", Found: "a zone of type " + j.installed.kind,
	}, nil)
}

// describedMost is how many RRsets a finding names; the others it counts.
const describedMost = 10

// describe says what was expected and found of RRsets.
func describe(zone string, changes []change) (expected, found string) {
	var was, is []string
	for _, ch := range changes[:min(len(changes), describedMost)] {
		was, is = append(was, lines(zone, ch.key, ch.want)...), append(is, lines(zone, ch.key, ch.held)...)
	}
	if rest := len(changes) - describedMost; rest > 0 {
		more := fmt.Sprintf("and %d more RRsets", rest)
		was, is = append(was, more), append(is, more)
	}
	return strings.Join(was, "; "), strings.Join(is, "; ")
}

// lines are the records of an RRset as a zone file has them.
func lines(zone string, key setKey, set *rrset) []string {
	name := absolute(key.owner, zone)
	rrs, err := set.records(zone, key)
	if err != nil || len(rrs) == 0 {
		return []string{"no " + dns.TypeName(key.rrtype) + " at " + name}
	}
	var list []string
	for _, rr := range rrs {
		list = append(list, strings.Join(strings.Fields(rr.String()), " "))
	}
	return list
}

// adoption is the update message by which a zone that has what is wanted gets what is held, nil where
// that is too large for one.
func adoption(zone string, changes []change) []byte {
	m := new(mdns.Msg)
	m.SetUpdate(zone)
	m.Compress = true
	var come, gone, last []mdns.RR // the last name server of a zone is never removed
	for _, ch := range changes {
		if _, err := addPrerequisite(m, zone, ch); err != nil {
			return nil
		}
		added, err := ch.held.records(zone, ch.key)
		if err != nil {
			return nil
		}
		removed, err := removalsOf(zone, change{key: ch.key, held: ch.want, want: ch.held})
		if err != nil {
			return nil
		}
		if come = append(come, added...); ch.key == apexNS {
			last = append(last, removed...)
		} else {
			gone = append(gone, removed...)
		}
	}
	m.Ns = slices.Concat(gone, come, last)
	packed, err := m.Pack()
	if err != nil || len(packed) > maxMessage {
		return nil
	}
	return packed
}

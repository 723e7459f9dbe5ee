package bind

import (
	"maps"
	"slices"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// zoneKey names a zone in a view as named knows it. Zones of the log with different
// ids may have the same name one after the other; named knows the name only.
type zoneKey struct {
	view int64
	// zone is the absolute name in lower case.
	zone string
}

// viewCopy is a zone of the log as it is to be served in one view.
type viewCopy struct {
	zoneID int64
	// forwarders is set for a forward-only zone, which has no records.
	forwarders []string
	// sets holds the records; its slices are never changed, only replaced.
	sets     map[setKey][]logRecord
	settings dns.ZoneSettings
	// claims are, by owner, the PTRs that a reverse zone may have, nil for any other.
	claims map[string]claims
	// changed is the position of the last event about the zone that changed what it
	// serves in this view.
	changed domain.Position
}

func (c *viewCopy) forwards() bool { return c.forwarders != nil }

// zoneInView is what the engine wants, and knows, of one zone name in one view.
//
// Invariants:
//  1. One worker at a time works on it.
//  2. While tracked is not nil, named holds the wanted content, except for the
//     RRsets in tracked, of which named holds the values in tracked. (While a job is
//     under way, this is what named holds once the job has succeeded.)
//  3. After anything unexpected tracked is nil, and the next job transfers the
//     zone and compares all of it.
type zoneInView struct {
	pending
	key zoneKey
	// want is nil when named must not have the zone.
	want *viewCopy
	// generation rises whenever want is replaced as a whole.
	generation int
	tracked    map[setKey]*rrset
	// trail has the values that the RRsets in tracked have had since.
	trail trail
	// remade says that so much of what is wanted is new that the zone's file is to be replaced.
	remade bool
	// apex is the generated part of the content that tracked refers to.
	apex apex
	// soa is the SOA that was last read from named.
	soa *mdns.SOA
	// installed is the zone statement that named was last seen to have.
	installed installed
	// verified is when the whole zone was last compared.
	verified time.Time
	// proof is what the engine before proved of the zone, until the first inventory.
	proof *zoneProof

	// secondary says, from its first job on, that the zone is to be one of a slave.
	secondary bool
	// awaited is the job that waits for named to get the zone from its primaries, nil for none. It
	// counts as under way.
	awaited *job

	// checkDue asks for a comparison of the whole zone.
	checkDue bool
	// uncertain counts the tries in a row whose result is not certain.
	uncertain int

	// proven is what named was proved to hold while tracked is nil, nil if that is not known. reported
	// is drift that was left in named.
	proven   *proven
	reported *reported
	// expected is the position of the log that the zone waits for, until expectedUntil.
	expected      domain.Position
	expectedUntil time.Time
	// stray says that somebody else added the zone to named.
	stray bool

	queued, working, requeue bool
	// streak counts the jobs that ended with more to do, less those that did not.
	streak  int
	resting bool
}

// proved says whether named is known to serve what is wanted, except for
// unapplied changes.
func (z *zoneInView) proved() bool {
	switch {
	case z.want == nil:
		return z.installed.known && z.installed.kind == ""
	case z.want.forwards():
		return z.installed.known && z.installed.kind == kindStub && slices.Equal(z.installed.forwarders, z.want.forwarders)
	default:
		return z.tracked != nil && z.soa != nil
	}
}

// installed is a zone statement in named's new-zone database.
type installed struct {
	// known is false when it has to be asked for.
	known bool
	// kind is "" for no zone, else primary, static-stub or another type.
	kind       string
	file       string
	forwarders []string
}

// job is all that a worker needs to work on a zone without the engine's lock.
type job struct {
	key        zoneKey
	generation int
	want       *viewCopy
	// content is what a zone with records is to hold. Its sets are nil in a job that
	// only carries changes.
	content content
	full    bool
	// secondary says that named is to get the zone from its primaries. looks are how often a worker
	// has looked in vain whether it has, since began.
	secondary bool
	looks     int
	began     time.Time
	// remade says, of a full job, that the zone's file may be replaced before named was asked what it holds.
	remade  bool
	changes []change
	// held is what named holds of the RRsets that have changed, and trail how they changed,
	// change by change; apexChanged says that the generated part changes with them.
	held        map[setKey]*rrset
	trail       trail
	apexChanged bool
	// byNames says that the zone must not be replaced by a file.
	byNames bool
	// changed is the position of the last event that changed what the zone serves, and
	// serial what named is to show for it, see [desiredState.number].
	changed domain.Position
	serial  uint32
	soa     *mdns.SOA
	zoneID  int64
	// size is the number of RRsets of the log that the zone has in this view.
	size int
	// installed is the zone statement that named is believed to have; looked is set
	// once named was asked for it.
	installed installed
	looked    bool
	// check asks for a comparison although no change is pending.
	check bool
	// onDrift says what becomes of drift, proven what named was proved to hold, nil if that is not known,
	// reported which drift was left before.
	onDrift  dns.DriftMode
	proven   *proven
	reported *reported
	// stray is that of the zone; uncertain says that what named holds may come from a job that broke off.
	stray, uncertain bool
}

// outcome is what a worker found out.
type outcome struct {
	installed installed
	// soa is what named holds now.
	soa *mdns.SOA
	// compared is set when the whole zone was compared.
	compared bool
}

// startJob makes the job to be done now. It costs O(changes) while tracked is set,
// else O(zone) to copy the references to its records.
func (z *zoneInView) startJob(fallback nameServers, check bool) job {
	z.begin()
	full := z.tracked == nil || check || z.soa == nil || !z.installed.known || z.installed.kind != kindOf(z.secondary)
	j := z.job(fallback, full)
	j.soa, j.installed, j.check, j.byNames = z.soa, z.installed, check, z.uncertain >= rewriteTries
	j.stray, j.uncertain, j.reported = z.stray, z.uncertain > 0, z.reported
	if z.want == nil || z.want.forwards() {
		return j
	}
	j.proven, z.proven = z.provenNow(j.content), nil
	if !full {
		z.carryChanges(&j)
	}
	j.remade, z.remade = z.remade, false
	z.tracked, z.trail, z.apex = map[setKey]*rrset{}, trail{}, j.content.apex
	return j
}

// job makes a job of what is wanted. A full job has contents of its own; another
// shares them with the desired state.
func (z *zoneInView) job(fallback nameServers, full bool) job {
	j := job{key: z.key, generation: z.generation, want: z.want}
	if z.want == nil {
		return j
	}
	j.zoneID, j.changed = z.want.zoneID, z.want.changed
	if z.want.forwards() {
		return j
	}
	j.full, j.size = full, len(z.want.sets)
	sets := z.want.sets
	if full {
		sets = maps.Clone(sets)
	}
	a := fallback.apexWith(z.key.zone, z.want.sets, z.want.settings.TTL())
	j.content = content{zone: z.key.zone, sets: sets, apex: a, settings: z.want.settings}
	return j
}

// carryChanges makes the job one of the RRsets that differ. The worker gets the rest of the
// content as well if that may come to replace the whole zone.
func (z *zoneInView) carryChanges(j *job) {
	j.changes = z.pendingChanges(j.content)
	j.held, j.trail = z.tracked, z.trail
	j.apexChanged = slices.ContainsFunc(j.changes, func(ch change) bool { return z.generated(ch.key, j.content) })
	if j.mayRewrite() {
		j.content.sets = maps.Clone(j.content.sets)
	} else {
		j.content.sets = nil // shared with the desired state, not for the worker
	}
}

// generated says whether the RRset is generated, before or in the next content.
func (z *zoneInView) generated(key setKey, next content) bool {
	_, before := z.apex.sets[key]
	_, after := next.apex.sets[key]
	return before || after || key == apexNS
}

// pendingChanges lists the RRsets in which named differs from the next content.
func (z *zoneInView) pendingChanges(next content) []change {
	held := maps.Clone(z.tracked)
	before := content{zone: z.key.zone, sets: z.want.sets, apex: z.apex}
	for _, generated := range []map[setKey]*rrset{z.apex.sets, next.apex.sets} {
		for key := range generated {
			if _, tracked := held[key]; !tracked {
				held[key] = before.set(key)
			}
		}
	}
	var changes []change
	for key, have := range held {
		if want := next.set(key); !want.equal(have) {
			changes = append(changes, change{key: key, held: have, want: want})
		}
	}
	return sortChanges(changes)
}

// track must be called before a record of the wanted copy changes: it notes the
// RRset that named holds.
func (z *zoneInView) track(key setKey) {
	if z.tracked == nil {
		z.remember(key)
		return
	}
	if _, tracked := z.tracked[key]; !tracked {
		z.tracked[key] = content{zone: z.key.zone, sets: z.want.sets, apex: z.apex}.set(key)
	}
}

// note must be called when a change of the log has given an RRset another value.
func (z *zoneInView) note(key setKey, set *rrset) {
	if z.tracked == nil {
		return
	}
	if z.trail.add(key, set); len(z.trail.touches) > maxTrail {
		z.tracked, z.trail = nil, trail{} // named is away: the zone is compared whole once it is back
	}
}

// replace sets what is wanted as a whole.
func (z *zoneInView) replace(want *viewCopy) {
	z.want, z.tracked, z.trail, z.remade, z.awaited = want, nil, trail{}, false, nil
	z.proven, z.expected = nil, 0
	z.generation++
}

// settle takes over what a finished job proved.
func (z *zoneInView) settle(j job, o outcome, now time.Time) {
	z.installed = o.installed
	if j.generation != z.generation {
		z.postpone()
		return
	}
	before := z.failure
	z.succeed()
	z.soa, z.uncertain, z.reported = o.soa, 0, nil
	if o.compared {
		z.verified = now
	}
	if complaint := j.content.apex.complaint; complaint != "" {
		z.failure = &failure{since: j.changed, message: complaint}
		if before != nil && before.message == complaint {
			z.failure = before
		}
	}
}

// forget drops all that is known of what named holds.
func (z *zoneInView) forget() {
	z.tracked, z.trail, z.soa, z.installed, z.proven, z.awaited = nil, trail{}, nil, installed{}, nil, nil
}

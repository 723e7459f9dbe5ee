package bind

import (
	"maps"
	"slices"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
)

// siteKey is a place in named: a zone name in a view. Ids of zones come and go
// at one place; named knows only the place.
type siteKey struct {
	view int64
	// zone is the absolute name in lower case.
	zone string
}

// face is one zone of the log as it is to be served in one view.
type face struct {
	zoneID int64
	// forwarders is set for a forward-only zone, which has no records.
	forwarders []string
	// sets holds the records; its slices are never changed, only replaced.
	sets map[setKey][]member
	// changed is the position of the last event that changed the zone in this
	// view: the serial that named should show.
	changed domain.Position
}

func (f *face) forwards() bool { return f.forwarders != nil }

// site is what the engine knows of one place in named.
//
// Invariants:
//  1. One worker at a time works on a site.
//  2. While tracked is not nil, named holds the base content but for what tracked
//     names, which it holds as tracked says. The base is what was last proved (or
//     is being proved right now by the work under way).
//  3. After anything unexpected tracked is nil, and the next work transfers the
//     zone and compares all of it.
type site struct {
	pending
	key siteKey
	// want is nil when named must not have the zone.
	want *face
	// era rises whenever want is replaced as a whole.
	era     int
	tracked map[setKey]*rrset
	// apex is the generated part of the base content.
	apex apex
	// soa is what named held when it was last read.
	soa *mdns.SOA
	// installed is what named was last seen to have here.
	installed installed
	// verified is when the whole zone was last compared.
	verified time.Time

	// checkDue asks for a comparison of the whole zone.
	checkDue bool
	// trouble counts attempts in a row that led to nothing certain.
	trouble int

	queued, working, again bool
	// crowded counts the works that ended with more to do; resting: see pace.
	crowded int
	resting bool
}

// proved says whether named is known to have here what is wanted, but for what
// the site owes.
func (s *site) proved() bool {
	switch {
	case s.want == nil:
		return s.installed.known && s.installed.kind == ""
	case s.want.forwards():
		return s.installed.known && s.installed.kind == kindStub && slices.Equal(s.installed.forwarders, s.want.forwarders)
	default:
		return s.tracked != nil && s.soa != nil
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

// job is what a worker takes away to work on, without the ledger's lock.
type job struct {
	key  siteKey
	era  int
	want *face
	// content, of a zone with records, is the base to reach. Its sets are nil in
	// a job that only carries changes.
	content content
	full    bool
	changes []change
	changed domain.Position
	soa     *mdns.SOA
	zoneID  int64
	// size is the number of RRsets of the log that the zone has in this view.
	size int
	// installed is what named is believed to have; looked is set when it was asked.
	installed installed
	looked    bool
	// check asks for a comparison although nothing is pending.
	check bool
}

// outcome is what a worker found out.
type outcome struct {
	installed installed
	// soa is what named holds now.
	soa *mdns.SOA
	// compared is set when the whole zone was compared.
	compared bool
}

// take makes the job to be done now. Costs O(changes) while the site is
// tracked, else O(zone) to copy the references to its records.
func (s *site) take(fallback nameServers, check bool) job {
	s.begin()
	full := s.tracked == nil || check || s.soa == nil || !s.installed.known || s.installed.kind != kindPrimary
	j := s.job(fallback, full)
	j.soa, j.installed, j.check = s.soa, s.installed, check
	if s.want == nil || s.want.forwards() {
		return j
	}
	if !full {
		j.changes = s.pendingChanges(j.content)
		j.content.sets = nil // shared with the ledger, not for the worker
	}
	s.tracked, s.apex = map[setKey]*rrset{}, j.content.apex
	return j
}

// job says what is wanted here. The contents of a full one are its own, those of
// another are shared with the ledger.
func (s *site) job(fallback nameServers, full bool) job {
	j := job{key: s.key, era: s.era, want: s.want}
	if s.want == nil {
		return j
	}
	j.zoneID, j.changed = s.want.zoneID, s.want.changed
	if s.want.forwards() {
		return j
	}
	j.full, j.size = full, len(s.want.sets)
	sets := s.want.sets
	if full {
		sets = maps.Clone(sets)
	}
	j.content = content{zone: s.key.zone, sets: sets, apex: fallback.apexOf(s.key.zone, s.want.sets)}
	return j
}

// pendingChanges lists the RRsets in which named differs from the next content.
func (s *site) pendingChanges(next content) []change {
	held := maps.Clone(s.tracked)
	before := content{zone: s.key.zone, sets: s.want.sets, apex: s.apex}
	for _, generated := range []map[setKey]*rrset{s.apex.sets, next.apex.sets} {
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

// edit must be called before a record of the wanted face changes.
func (s *site) edit(key setKey) {
	if s.tracked == nil {
		return
	}
	if _, tracked := s.tracked[key]; !tracked {
		s.tracked[key] = content{zone: s.key.zone, sets: s.want.sets, apex: s.apex}.set(key)
	}
}

// replace sets what is wanted here as a whole.
func (s *site) replace(want *face) {
	s.want, s.tracked = want, nil
	s.era++
}

// settle takes over what a finished job proved.
func (s *site) settle(j job, o outcome, now time.Time) {
	s.installed = o.installed
	if j.era != s.era {
		s.postpone()
		return
	}
	before := s.failure
	s.succeed()
	s.soa, s.trouble = o.soa, 0
	if o.compared {
		s.verified = now
	}
	if complaint := j.content.apex.complaint; complaint != "" {
		s.failure = &failure{since: j.changed, message: complaint}
		if before != nil && before.message == complaint {
			s.failure = before
		}
	}
}

// distrust forgets everything about named's contents here.
func (s *site) distrust() { s.tracked, s.soa, s.installed = nil, nil, installed{} }

package bind

import (
	"fmt"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// Who asks all the time never sees a part of a change that fits into a message.
func TestAChangeIsSeenWhole(t *testing.T) {
	t.Parallel()
	g := generations{names: 1000, each: 1}
	h := g.newHost(t)
	changes := g.run(h, g.poll(h, false))
	// An update whose answer was lost is found to be there, and does not count.
	if got := metric(t, h.engine.metrics.updates); got == 0 || got > float64(changes) {
		t.Errorf("%v updates for %d changes", got, changes)
	}
	if got := metric(t, h.engine.metrics.rewrites); got != 0 {
		t.Errorf("%v rewrites", got)
	}
}

// A record that is deleted and made again by one change is never missing.
func TestAReplacedRecordIsNeverMissing(t *testing.T) {
	t.Parallel()
	g := generations{names: 1, each: 1}
	h := g.newHost(t)
	c := g.poll(h, false)
	for generation := 0; c.questions.Load() < questions(); generation++ {
		c.changes.Add(1)
		h.emitAll(g.change(generation)...)
		if generation%2 == 0 { // else two changes travel together
			h.applied()
		}
	}
	h.applied()
	c.stop()
	t.Logf("%d questions, %d wrong", c.questions.Load(), c.wrong.Load())
}

// A change that is larger than a message, in a zone that is small beside it, is seen whole
// as well.
func TestALargeChangeIsSeenWhole(t *testing.T) {
	t.Parallel()
	g := generations{names: 2400, each: 2}
	h := g.newHost(t)
	changes := g.run(h, g.poll(h, false))
	if got := metric(t, h.engine.metrics.rewrites); got != float64(changes) {
		t.Errorf("%v rewrites for %d changes", got, changes)
	}
	if got := h.serial("127.0.0.1", "a.test"); got != uint32(h.position) {
		t.Errorf("serial %d, want %d", got, h.position)
	}
	// The zone takes updates again.
	h.emit(dns.RecordAdded{ID: h.id(), ZoneID: generationsZone, Record: record(generationsView, "late", "A", "192.0.2.9")})
	h.applied()
	h.expect("127.0.0.1", "late.a.test", "A", "192.0.2.9")
}

// In a larger zone such a change goes name by name: no name is missing, no RRset is mixed.
func TestALargeChangeOfALargeZoneGoesNameByName(t *testing.T) {
	t.Parallel()
	g := generations{names: 2400, each: 2, resting: rewriteShare * 2400}
	h := g.newHost(t)
	changes := g.run(h, g.poll(h, true))
	if got := metric(t, h.engine.metrics.rewrites); got != 0 {
		t.Errorf("%v rewrites", got)
	}
	if got := metric(t, h.engine.metrics.updates); got <= float64(changes) {
		t.Errorf("%v updates for %d changes", got, changes)
	}
}

// jobOf makes the job for the changes of the log, in a zone of so many RRsets.
func jobOf(t *testing.T, size int, steps ...[]change) *job {
	t.Helper()
	c := content{zone: "a.test.", sets: map[setKey][]logRecord{}}
	c.apex = nameServers{}.apexOf(c.zone, c.sets)
	j := &job{content: c, size: size, held: map[setKey]*rrset{}}
	last := map[setKey]*rrset{}
	for _, step := range steps {
		for _, ch := range step {
			if _, known := j.held[ch.key]; !known {
				j.held[ch.key] = ch.held
			}
			j.trail.add(ch.key, ch.want)
			last[ch.key] = ch.want
		}
		j.trail.endChange()
	}
	for key, want := range last {
		if !want.equal(j.held[key]) {
			j.changes = append(j.changes, change{key: key, held: j.held[key], want: want})
		}
	}
	sortChanges(j.changes)
	return j
}

func address(n byte) *rrset { return &rrset{ttl: 300, rdata: []string{string([]byte{10, 0, 0, n})}} }

// replaced changes names from one value to another.
func replaced(prefix string, names int, held, want *rrset) []change {
	var list []change
	for i := range names {
		list = append(list, change{key: setKey{fmt.Sprintf("%s%d", prefix, i), mdns.TypeA}, held: held, want: want})
	}
	return list
}

func TestDistribution(t *testing.T) {
	t.Parallel()
	big := []string{}
	for i := range 2000 {
		big = append(big, fmt.Sprintf("\x28%040d", i))
	}
	for name, c := range map[string]struct {
		size, messages int
		rewrite        bool
		steps          [][]change
	}{
		"nothing but the SOA":       {10, 1, false, nil},
		"as much as fits":           {1500, 1, false, [][]change{replaced("host", 1500, address(1), address(2))}},
		"two that fit alone":        {100_000, 2, false, [][]change{replaced("a", 1400, address(1), address(2)), replaced("b", 1400, address(1), address(2))}},
		"two that fit together":     {100_000, 1, false, [][]change{replaced("a", 700, address(1), address(2)), replaced("b", 700, address(1), address(2))}},
		"twice the same names":      {100_000, 1, false, [][]change{replaced("a", 1400, address(1), address(2)), replaced("a", 1400, address(2), address(3))}},
		"large in a small zone":     {6000, 0, true, [][]change{replaced("a", 2000, address(1), address(2))}},
		"large in a large zone":     {100_000, 2, false, [][]change{replaced("a", 2000, address(1), address(2))}},
		"small after one too large": {100_000, 3, false, [][]change{replaced("a", 2000, address(1), address(2)), replaced("b", 1400, nil, address(2))}},
		"one RRset too large":       {100_000, 3, false, [][]change{{{key: setKey{"big", mdns.TypeTXT}, want: &rrset{rdata: big}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := jobOf(t, c.size, c.steps...)
			parts, rewrite, err := j.distribute(j.changes)
			if err != nil || rewrite != c.rewrite || len(parts) != c.messages {
				t.Fatalf("%d messages, rewrite %v, %v; want %d, %v", len(parts), rewrite, err, c.messages, c.rewrite)
			}
			held := j.content.soa(1)
			msgs, _ := updates(j.content, parts, held, 100)
			for i, m := range msgs {
				if packed, err := m.Pack(); err != nil || len(packed) > maxMessage {
					t.Errorf("message %d has %d octets, %v", i, len(packed), err)
				}
			}
		})
	}
}

// What a comparison found is not cut, and a zone that could not be replaced by a file goes
// name by name.
func TestDistributionOfAComparison(t *testing.T) {
	t.Parallel()
	j := jobOf(t, 1_000_000, replaced("a", 2000, address(1), address(2)))
	j.full = true
	if _, rewrite, err := j.distribute(j.changes); !rewrite || err != nil {
		t.Errorf("rewrite %v, %v", rewrite, err)
	}
	j.byNames = true
	if parts, rewrite, err := j.distribute(j.changes); rewrite || len(parts) < 2 || err != nil {
		t.Errorf("%d messages, rewrite %v, %v", len(parts), rewrite, err)
	}
}

// Each message has all of a name; names that come are first, and those that go last.
func TestNamesAreNotCut(t *testing.T) {
	t.Parallel()
	var all []change
	for i := range 3000 {
		owner := fmt.Sprintf("n%04d", i)
		ch := []change{
			{key: setKey{owner, mdns.TypeA}, held: address(1), want: address(2)}, {key: setKey{owner, mdns.TypeTXT}, held: &rrset{rdata: []string{"\x01a"}}, want: &rrset{rdata: []string{"\x01b"}}},
		}
		for k := range ch {
			switch i % 3 {
			case 0:
				ch[k].want = nil
			case 1:
				ch[k].held = nil
			}
		}
		all = append(all, ch...)
	}
	j := jobOf(t, 1_000_000, all)
	parts, rewrite, err := j.distribute(j.changes)
	if err != nil || rewrite || len(parts) < 2 {
		t.Fatalf("%d messages, rewrite %v, %v", len(parts), rewrite, err)
	}
	in, rank := map[string]int{}, 0
	order := [3]int{2, 0, 1} // of what goes, comes and changes
	for i, ops := range parts {
		for _, rr := range ops {
			name := rr.Header().Name
			if first, known := in[name]; known && first != i {
				t.Fatalf("%s is in the messages %d and %d", name, first, i)
			}
			in[name] = i
			var n int
			if _, err := fmt.Sscanf(name, "n%d", &n); err != nil {
				t.Fatal(err)
			}
			if order[n%3] < rank {
				t.Fatalf("%s comes after names of a later kind", name)
			}
			rank = order[n%3]
		}
	}
}

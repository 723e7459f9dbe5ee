package dns_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// The law of conditional appends, over random worlds: decide A, then let an
// accepted B be appended first. Either A's condition matches B, so that A is
// decided anew, or A decided after B comes to the very same events. A rule
// without its guard breaks it.
func TestNoDecisionSurvivesWhatWouldHaveChangedIt(t *testing.T) {
	t.Parallel()
	const worlds, steps, pairs = 60, 60, 400
	conflicts, kept := 0, 0
	for seed := range uint64(worlds) {
		g := newGenerator(1000 + seed)
		h := domaintest.NewHistory(users()...)
		next := map[domain.Sequence]int64{}
		for range steps {
			grow(g, h, next)
		}
		for range pairs {
			switch comparePair(t, g, h) {
			case pairConflicts:
				conflicts++
			case pairCommutes:
				kept++
			}
		}
	}
	if conflicts < 100 || kept < 100 {
		t.Errorf("the worlds are of no use: %d conflicts, %d pairs without one", conflicts, kept)
	}
}

// grow decides a random command, with the next ids of each sequence.
func grow(g generator, h *domaintest.History, next map[domain.Sequence]int64) {
	c := g.command()
	ids := map[domain.Sequence][]int64{}
	if a, ok := c.(domain.Allocator); ok {
		for _, s := range a.Allocates() {
			ids[s] = append(ids[s], next[s]+1)
		}
	}
	events, err := c.Decide(h, domain.NewEnv(admin, testNow, ids))
	if err != nil {
		return
	}
	h.Append(events...)
	for s := range ids {
		next[s]++
	}
}

// decideAt decides with the given id for whatever is created.
func decideAt(h *domaintest.History, c domain.Command, id int64) ([]domain.Event, error) {
	ids := map[domain.Sequence][]int64{}
	if a, ok := c.(domain.Allocator); ok {
		for _, s := range a.Allocates() {
			ids[s] = append(ids[s], id+int64(len(ids[s])))
		}
	}
	return c.Decide(h, domain.NewEnv(admin, testNow, ids))
}

type pairResult int

const (
	pairRefused pairResult = iota
	pairConflicts
	pairCommutes
)

func comparePair(t *testing.T, g generator, world *domaintest.History) pairResult {
	t.Helper()
	return compare(t, world, g.command(), g.command())
}

func compare(t *testing.T, world *domaintest.History, a, b domain.Command) pairResult {
	t.Helper()
	before := world.Fork()
	first, err := decideAt(before, a, 500)
	if err != nil || len(first) == 0 {
		return pairRefused
	}
	after := world.Fork()
	between, err := decideAt(after.Fork(), b, 600)
	if err != nil || len(between) == 0 {
		return pairRefused
	}
	for _, e := range between {
		if before.Conflicts(e) {
			return pairConflicts
		}
	}
	after.Append(between...)
	second, err := decideAt(after, a, 500)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("%T decided %+v; after %+v it came to %+v, %v, and its condition did not notice", a, first, between, second, err)
	}
	return pairCommutes
}

// command makes a command over a few ids and names, so that commands meet.
func (g generator) command() domain.Command {
	for {
		if c, err := g.tryCommand(); err == nil {
			return c
		}
	}
}

func (g generator) someID() int64 { return int64(g.IntN(5) + 1) }

func (g generator) tryCommand() (domain.Command, error) {
	name, view := g.pick("a.com", "b.com"), g.pick("v1", "v2", "v3")
	switch g.IntN(16) {
	case 0:
		return dns.NewCreateServer(serverInput(g.pick("s1", "s2"), g.pick("1.1.1.1", "2.2.2.2")))
	case 1:
		return dns.NewUpdateServer(g.someID(), serverInput(g.pick("s1", "s2"), g.pick("1.1.1.1", "2.2.2.2")), nil)
	case 2:
		return dns.NewDeleteServer(g.someID(), nil)
	case 3:
		return dns.NewCreateView(viewInput(view, "any"))
	case 4:
		return dns.NewUpdateView(g.someID(), viewInput(view, g.pick("any", "none")), nil)
	case 5:
		return dns.NewDeleteView(g.someID(), nil)
	case 6, 7:
		return dns.NewCreateZone(g.zoneInput(name))
	case 8, 9:
		return dns.NewUpdateZone(g.someID(), g.zoneInput(name), nil)
	case 10:
		return dns.NewDeleteZone(g.someID(), nil)
	case 11:
		return dns.NewUpdateRecord(g.someID(), g.recordInput(view), nil)
	case 12:
		return dns.NewDeleteRecord(g.someID(), nil)
	case 13:
		return access.ChangeRoles{ID: domain.UserID(1 + g.IntN(2)), Roles: []int64{access.RoleAdmin, int64(g.IntN(3) + 1)}}, nil
	default:
		return dns.NewAddRecord(g.recordInput(view))
	}
}

func (g generator) zoneInput(name string) dns.ZoneInput {
	in := zoneInput(name, g.pick("master", "master", "forward only"), g.someID(), g.someID(), g.someID())
	in.Forwarders = ptr("1.1.1.1")
	in.Group = ptr(g.IntN(3))
	return in
}

func (g generator) recordInput(view string) dns.RecordInput {
	in := recordInput(g.someID(), view, g.pick("www", "@"), "A", fmt.Sprintf("1.1.1.%d", g.IntN(2)))
	if g.IntN(3) == 0 {
		in.Type, in.Value = ptr("CNAME"), ptr("x")
	}
	return in
}

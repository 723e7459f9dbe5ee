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
	const worlds, steps, pairs = 60, 100, 1000
	conflicts, kept, others := 0, 0, 0
	for seed := range uint64(worlds) {
		g, h := randomWorld(1000+seed, steps)
		for range pairs {
			actor := g.user()
			result := compare(t, h, actor, g.command(), g.command())
			switch result {
			case pairConflicts:
				conflicts++
			case pairCommutes:
				kept++
			}
			if result != pairRefused && actor != admin {
				others++
			}
		}
	}
	if conflicts < 100 || kept < 100 || others < 50 {
		t.Errorf("the worlds are of no use: %d conflicts, %d pairs without one, %d by others than admin", conflicts, kept, others)
	}
}

// grow decides a random command of a random user, with the next ids of each sequence.
func grow(g generator, h *domaintest.History, next map[domain.Sequence]int64) {
	c, actor := g.command(), g.user()
	ids := map[domain.Sequence][]int64{}
	if a, ok := c.(domain.Allocator); ok {
		for _, s := range a.Allocates() {
			ids[s] = append(ids[s], nth(s, next[s]))
		}
	}
	events, err := c.Decide(h, domain.NewEnv(actor, domaintest.Now, ids))
	if err != nil {
		return
	}
	h.AppendBy(actor, events...)
	for s := range ids {
		next[s]++
	}
}

// nth is the nth id, from 0, that a sequence gives.
func nth(s domain.Sequence, n int64) int64 {
	switch s {
	case domain.SequencePrivilege:
		return access.FirstPrivilege + access.PrivilegeStep*n
	case domain.SequenceRole:
		return access.RoleZoneGuest + 1 + n
	default:
		return 1 + n
	}
}

// decideAt decides with the nth ids for whatever is created.
func decideAt(h *domaintest.History, actor domain.UserID, c domain.Command, n int64) ([]domain.Event, error) {
	ids := map[domain.Sequence][]int64{}
	if a, ok := c.(domain.Allocator); ok {
		for _, s := range a.Allocates() {
			ids[s] = append(ids[s], nth(s, n+int64(len(ids[s]))))
		}
	}
	return c.Decide(h, domain.NewEnv(actor, domaintest.Now, ids))
}

type pairResult int

const (
	pairRefused pairResult = iota
	pairConflicts
	pairCommutes
)

// compare lets a user decide a, and admin b before it is appended.
func compare(t *testing.T, world *domaintest.History, actor domain.UserID, a, b domain.Command) pairResult {
	t.Helper()
	before := world.Fork()
	first, err := decideAt(before, actor, a, 500)
	if err != nil || len(first) == 0 {
		return pairRefused
	}
	after := world.Fork()
	between, err := decideAt(after.Fork(), admin, b, 600)
	if err != nil || len(between) == 0 {
		return pairRefused
	}
	for _, e := range between {
		if before.Conflicts(e) {
			return pairConflicts
		}
	}
	after.AppendBy(admin, between...)
	second, err := decideAt(after, actor, a, 500)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("%T decided %+v; after %+v it came to %+v, %v, and its condition did not notice", a, first, between, second, err)
	}
	return pairCommutes
}

// command makes a command over a few ids and names, so that commands meet.
func (g generator) command() domain.Command {
	if g.IntN(4) == 0 {
		return g.accessCommand()
	}
	return g.dnsCommand()
}

// user is one that acts: often an admin, else one with whatever the world gave them.
func (g generator) user() domain.UserID { return domain.UserID(max(1, g.IntN(9)-5)) }

func (g generator) dnsCommand() domain.Command {
	for {
		if c, err := g.tryCommand(); err == nil {
			return c
		}
	}
}

// accessCommand changes who may do what.
func (g generator) accessCommand() domain.Command {
	role, privilege := nth(domain.SequenceRole, int64(g.IntN(3))), nth(domain.SequencePrivilege, int64(g.IntN(10)))
	set := access.RoleInput{Name: new(g.pick("r1", "r2")), PrivilegeIDs: &[]int64{privilege + int64(g.IntN(3)), int64(1 + g.IntN(3))}}
	right := access.PrivilegeInput{
		Name: new(g.pick("p1", "p2", "p3")), Operation: new(g.IntN(3)), ResourceType: new(g.IntN(4)), ResourceID: new(g.someID()),
	}
	switch g.IntN(7) {
	case 0:
		return must(access.NewCreateRole(set))
	case 1:
		return must(access.NewUpdateRole(role, set, nil))
	case 2:
		set.Name = new("zone_admin")
		return must(access.NewUpdateRole(access.RoleZoneAdmin, set, nil))
	case 3:
		return must(access.NewDeleteRole(role, nil))
	case 4:
		return must(access.NewCreatePrivilege(right))
	case 5:
		return must(access.NewUpdatePrivilege(privilege, right, nil))
	default:
		return must(access.NewDeletePrivilege(privilege, nil))
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
		roles := []int64{int64(2 + g.IntN(9)), int64(2 + g.IntN(9)), int64(6 + g.IntN(5))}
		return access.NewUpdateUser(domain.UserID(2+g.IntN(2)), access.UserChange{Roles: &roles}, nil)
	default:
		return dns.NewAddRecord(g.recordInput(view))
	}
}

func (g generator) zoneInput(name string) dns.ZoneInput {
	in := zoneInput(name, g.pick("master", "master", "forward only"), g.someID(), g.someID(), g.someID())
	in.Forwarders = new("1.1.1.1")
	in.Group = new(g.IntN(3))
	return in
}

func (g generator) recordInput(view string) dns.RecordInput {
	in := recordInput(g.someID(), view, g.pick("www", "@"), "A", fmt.Sprintf("1.1.1.%d", g.IntN(2)))
	if g.IntN(3) == 0 {
		in.Type, in.Value = new("CNAME"), new("x")
	}
	return in
}

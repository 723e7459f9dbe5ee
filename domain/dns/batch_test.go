package dns_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// batchOf makes one command of many.
func batchOf(commands ...domain.Command) domain.Command {
	operations := make([]batch.Operation, len(commands))
	for i, c := range commands {
		operations[i] = batch.Of(c, nil)
	}
	return must(batch.New(operations))
}

// using is an operation built with the ids that earlier ones create.
func using(build func(created []int64) (domain.Command, error), takes []domain.Sequence, uses ...int) batch.Operation {
	return batch.Operation{Takes: takes, Uses: uses, Build: build}
}

func TestBatchDecisions(t *testing.T) {
	t.Parallel()
	add := func(host, rrtype, value string) domain.Command {
		return must(dns.NewAddRecord(recordInput(1, "v1", host, rrtype, value)))
	}
	change := func(id int64, host, value string) domain.Command {
		return must(dns.NewUpdateRecord(id, recordInput(1, "v1", host, "A", value), nil))
	}
	www := record(1, 1, 1, "www", "A", "1.1.1.1")
	given := recordsGiven(www)
	unlink := must(dns.NewUpdateZone(1, zoneInput("a.com", "master", 2), nil))
	link := must(dns.NewUpdateZone(1, zoneInput("a.com", "master", 1, 2), nil))
	unlinked, linked := relinked(1, "a.com", []int64{1, 2}, []int64{2}), relinked(1, "a.com", []int64{2}, []int64{1, 2})

	runDecisions(t, []decision{
		{name: "two names", given: given, when: batchOf(add("a", "A", "1.1.1.1"), add("b", "A", "1.1.1.1")), then: []domain.Event{
			record(100, 1, 1, "a", "A", "1.1.1.1"), record(101, 1, 1, "b", "A", "1.1.1.1"),
		}},
		{name: "delete, then add again", given: given, when: batchOf(must(dns.NewDeleteRecord(1, nil)), add("www", "A", "1.1.1.1")), then: []domain.Event{
			dns.RecordDeleted{ID: 1, ZoneID: 1, Record: www.Record}, record(100, 1, 1, "www", "A", "1.1.1.1"),
		}},
		{name: "move away, then a CNAME", given: given, when: batchOf(change(1, "w2", "1.1.1.1"), add("www", "CNAME", "w2")), then: []domain.Event{
			moved(1, www.Record, record(1, 1, 1, "w2", "A", "1.1.1.1").Record), record(100, 1, 1, "www", "CNAME", "w2"),
		}},
		{name: "two changes of one record", given: given, when: batchOf(change(1, "www", "1.1.1.2"), change(1, "www", "1.1.1.3")), then: []domain.Event{
			moved(1, www.Record, record(1, 1, 1, "www", "A", "1.1.1.2").Record),
			moved(1, record(1, 1, 1, "www", "A", "1.1.1.2").Record, record(1, 1, 1, "www", "A", "1.1.1.3").Record),
		}},
		{name: "a change that changes nothing", given: given, when: batchOf(change(1, "www", "1.1.1.1"))},
		{name: "unlink, link, add again", given: given, when: batchOf(unlink, link, add("www", "CNAME", "x")), then: []domain.Event{
			unlinked, linked, record(100, 1, 1, "www", "CNAME", "x"),
		}},
		{name: "add, unlink, link, add again", given: given, when: batchOf(add("n", "A", "1.1.1.1"), unlink, link, add("n", "A", "1.1.1.1")), then: []domain.Event{
			record(100, 1, 1, "n", "A", "1.1.1.1"), unlinked, linked, record(101, 1, 1, "n", "A", "1.1.1.1"),
		}},
		{
			name: "rename a view, then use its new name", given: given, when: batchOf(
				must(dns.NewUpdateView(1, viewInput("new", "any"), nil)), must(dns.NewAddRecord(recordInput(1, "new", "n", "A", "1.1.1.1"))),
			),
			then: []domain.Event{
				dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1", ACL: "any"}, After: dns.ViewData{Name: "new", ACL: "any"}},
				record(100, 1, 1, "n", "A", "1.1.1.1"),
			},
		},
		{name: "empty the zone, then close it", given: given, when: batchOf(
			must(dns.NewDeleteRecord(1, nil)), must(dns.NewUpdateZone(1, forwarding("1.1.1.1", zoneInput("a.com", "forward only", 1, 2)), nil)),
		), then: []domain.Event{
			dns.RecordDeleted{ID: 1, ZoneID: 1, Record: www.Record},
			dns.ZoneUpdated{ID: 1, Before: master("a.com", 1, 2), After: forwardOnly("a.com", 1, 2)},
		}},
	})
}

// A zone and all that it needs is made by one batch, by reference.
func TestBatchRefersToWhatItCreates(t *testing.T) {
	t.Parallel()
	operations := []batch.Operation{
		batch.Of(must(dns.NewCreateView(viewInput("v", "any"))), nil),
		using(func(created []int64) (domain.Command, error) {
			return dns.NewCreateZone(zoneInput("n.com", "master", created...))
		}, dns.CreateZone{}.Allocates(), 0),
		using(func(created []int64) (domain.Command, error) {
			return dns.NewAddRecord(recordInput(created[0], "v", "www", "A", "1.1.1.1"))
		}, dns.AddRecord{}.Allocates(), 1),
		{Uses: []int{2}, Build: func(created []int64) (domain.Command, error) {
			return dns.NewUpdateRecord(created[0], recordInput(100, "v", "w2", "A", "1.1.1.1"), nil)
		}},
	}
	first := record(100, 100, 100, "www", "A", "1.1.1.1")
	domaintest.Given().When(must(batch.New(operations))).Then(t,
		dns.ViewCreated{ID: 100, Privilege: privilegeOf(100), View: dns.ViewData{Name: "v", ACL: "any"}},
		dns.ZoneCreated{ID: 100, Privilege: privilegeOf(101), Zone: master("n.com", 100)},
		first,
		dns.RecordUpdated{ID: 100, ZoneID: 100, Before: first.Record, After: record(100, 100, 100, "w2", "A", "1.1.1.1").Record},
	)
}

func TestBatchNamesEachRefusedOperation(t *testing.T) {
	t.Parallel()
	add := func(zone int64, host, rrtype, value string) batch.Operation {
		return batch.Of(dns.NewAddRecord(recordInput(zone, "v1", host, rrtype, value)))
	}
	inZone := func(created []int64) (domain.Command, error) {
		return dns.NewAddRecord(recordInput(created[0], "v1", "www", "A", "1.1.1.1"))
	}
	for name, c := range map[string]struct {
		as   domain.UserID
		when []batch.Operation
		// want lists "index code text", a line for each.
		want []string
	}{
		"duplicate inside": {admin, []batch.Operation{add(1, "n", "A", "1.1.1.1"), add(1, "N", "A", "1.1.1.1")}, []string{"1 refused 重复的Record"}},
		"CNAME inside":     {admin, []batch.Operation{add(1, "n", "A", "1.1.1.1"), add(1, "n", "CNAME", "x"), add(1, "m", "A", "1.1.1.1")}, []string{"1 refused CNAME"}},
		"what is refused is not there": {admin, []batch.Operation{add(1, "www", "CNAME", "x"), add(1, "n", "CNAME", "x"), add(1, "www", "A", "1.1.1.2")}, []string{
			"0 refused CNAME",
		}},
		"form and rule":     {admin, []batch.Operation{add(1, "n", "A", ""), add(9, "n", "A", "1.1.1.1")}, []string{"0 invalid value", "1 refused 当前Zone不存在"}},
		"deleted before":    {admin, []batch.Operation{batch.Of(dns.NewDeleteRecord(1, nil)), batch.Of(dns.NewDeleteRecord(1, nil))}, []string{"1 not_found Record 1"}},
		"zone deleted":      {admin, []batch.Operation{batch.Of(dns.NewDeleteZone(1, nil)), add(1, "n", "A", "1.1.1.1")}, []string{"1 refused 当前Zone不存在"}},
		"record's zone too": {admin, []batch.Operation{batch.Of(dns.NewDeleteZone(1, nil)), batch.Of(dns.NewDeleteRecord(1, nil))}, []string{"1 not_found Record 1"}},
		"view name twice":   {admin, []batch.Operation{batch.Of(dns.NewCreateView(viewInput("n", "any"))), batch.Of(dns.NewCreateView(viewInput("n", "any")))}, []string{"1 refused 重复的View"}},
		"no right":          {guest, []batch.Operation{add(1, "n", "A", "1.1.1.1"), batch.Of(dns.NewDeleteZone(1, nil))}, []string{"0 forbidden ZONE#1#UPDATE", "1 forbidden ZONE#1#DELETE"}},
		"reference to a refused one": {admin, []batch.Operation{batch.Of(dns.NewCreateZone(zoneInput("a.com", "master", 1))), using(inZone, dns.AddRecord{}.Allocates(), 0)}, []string{
			"0 refused 重复的Zone", "1 refused 所引用的操作0被拒绝",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := users(recordsGiven(record(1, 1, 1, "www", "A", "1.1.1.1"))...)
			outcome := domaintest.Given(given...).As(c.as).When(must(batch.New(c.when)))
			var refused *batch.Error
			if !errors.As(outcome.Err, &refused) || outcome.Events != nil {
				t.Fatalf("decided %+v, %v", outcome.Events, outcome.Err)
			}
			if len(refused.Refusals) != len(c.want) {
				t.Fatalf("refused %+v, want %q", refused.Refusals, c.want)
			}
			for i, r := range refused.Refusals {
				prefix := fmt.Sprintf("%d %s ", r.Index, r.Err.Code)
				if text, ok := strings.CutPrefix(c.want[i], prefix); !ok || !strings.Contains(r.Err.Message, text) {
					t.Errorf("refusal %s%s, want %s", prefix, r.Err.Message, c.want[i])
				}
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		outcome := domaintest.Given(recordsGiven()...).As(9).When(must(batch.New([]batch.Operation{add(1, "n", "A", "1.1.1.1")})))
		outcome.ThenError(t, domain.CodeUnauthenticated, "Token is invalid!")
	})
}

// The law of batches, over random worlds: a batch decides what its operations
// would have decided one after another, and refuses those that would have been refused.
func TestABatchIsItsOperationsOneAfterAnother(t *testing.T) {
	t.Parallel()
	accepted, refused := 0, 0
	for seed := range uint64(200) {
		g, h := randomWorld(5000+seed, 40)
		for range 20 {
			commands := make([]domain.Command, 1+g.IntN(1+g.IntN(5)))
			for i := range commands {
				commands[i] = g.dnsCommand()
			}
			actor := g.user()
			events, refusals := oneAfterAnother(h.Fork(), actor, commands)
			got := domaintest.Env(actor, batchOf(commands...))
			decided, err := batchOf(commands...).Decide(h.Fork(), got)
			var e *batch.Error
			switch {
			case errors.As(err, &e) && reflect.DeepEqual(e.Refusals, refusals):
				refused++
			case err == nil && len(refusals) == 0 && reflect.DeepEqual(decided, events):
				accepted++
			default:
				t.Fatalf("seed %d: %+v\ndecided %+v, %v\nwant %+v, %+v", seed, commands, decided, err, events, refusals)
			}
		}
	}
	if accepted < 200 || refused < 200 {
		t.Errorf("the worlds are of no use: %d batches accepted, %d refused", accepted, refused)
	}
}

func randomWorld(seed uint64, steps int) (generator, *domaintest.History) {
	g, h := newGenerator(seed), domaintest.NewHistory(users(
		access.UserRolesChanged{ID: guest, After: []int64{access.RoleZoneAdmin}},
		access.RoleCreated{ID: 8, Name: "r1", Privileges: []int64{5, 6, 7, 8, 9, 10, 11, 12, 13}},
		access.UserRolesChanged{ID: other, After: []int64{access.RoleZoneGuest, 8}},
	)...)
	next := map[domain.Sequence]int64{domain.SequenceRole: 1}
	for range steps {
		grow(g, h, next)
	}
	return g, h
}

// oneAfterAnother is what a batch has to come to.
func oneAfterAnother(h *domaintest.History, actor domain.UserID, commands []domain.Command) (all []domain.Event, refusals []batch.Refusal) {
	taken := domaintest.Env(actor, batchOf(commands...))
	for i, c := range commands {
		ids := map[domain.Sequence][]int64{}
		if a, ok := c.(domain.Allocator); ok {
			for _, s := range a.Allocates() {
				ids[s] = append(ids[s], taken.NextID(s))
			}
		}
		events, err := c.Decide(h, domain.NewEnv(actor, domaintest.Now, ids))
		var refusal *domain.Error
		if errors.As(err, &refusal) {
			refusals = append(refusals, batch.Refusal{Index: i, Err: refusal})
		}
		h.AppendBy(actor, events...)
		all = append(all, events...)
	}
	return all, refusals
}

// The law of conditional appends holds for batches, see [compare].
func TestNoBatchSurvivesWhatWouldHaveChangedIt(t *testing.T) {
	t.Parallel()
	conflicts, kept := 0, 0
	for seed := range uint64(60) {
		g, h := randomWorld(9000+seed, 60)
		for range 400 {
			a, b := batchOf(g.dnsCommand(), g.dnsCommand()), g.command()
			switch compare(t, h, g.user(), a, b) {
			case pairConflicts:
				conflicts++
			case pairCommutes:
				kept++
			}
		}
	}
	if conflicts < 20 || kept < 20 {
		t.Errorf("the worlds are of no use: %d conflicts, %d pairs without one", conflicts, kept)
	}
}

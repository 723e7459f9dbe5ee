package dns_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// inStages is a command with what follows from its events, as the store completes it.
type inStages struct {
	domain.Command
	atOnce bool
}

// Decide implements [domain.Command].
func (c inStages) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	env.AtOnce = c.atOnce
	events, err := c.Command.Decide(h, env)
	if err != nil {
		return nil, err
	}
	return dns.InStages(h, env, events)
}

// Allocates implements [domain.Allocator].
func (c inStages) Allocates() []domain.Sequence {
	if a, ok := c.Command.(domain.Allocator); ok {
		return a.Allocates()
	}
	return nil
}

// both decides two commands one after the other.
type both [2]domain.Command

// Decide implements [domain.Command].
func (c both) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	first, err := c[0].Decide(h, env)
	if err != nil {
		return nil, err
	}
	second, err := c[1].Decide(h, env)
	return append(first, second...), err
}

const (
	plainConf = "options { recursion no; };\n"
	otherConf = "options { recursion yes; };\n"
)

func rolloutPlanned() dns.RolloutPlanned {
	return dns.RolloutPlanned{Before: dns.DefaultRolloutPlan(), After: dns.RolloutPlan{Order: [][]string{{"canary"}, {"fra"}}, SoakS: 7}}
}

func rolloutStarted(former dns.FormerSettings) dns.RolloutStarted {
	return dns.RolloutStarted{Order: [][]string{{"canary"}, {"fra"}}, SoakS: 7, Former: former}
}

func aclOf(id int64, acl string) dns.FormerSettings {
	return dns.FormerSettings{ACLs: []dns.FormerACL{{ViewID: id, ACL: acl}}}
}

// A change of the configuration, by whatever command, starts a rollout if there are stages, and no other
// change does. There is one rollout at a time.
func TestChangesGoOutInStages(t *testing.T) {
	t.Parallel()
	conf := must(dns.NewChangeBindConf(otherConf, nil, nil))
	view2 := dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1", ACL: "any"}, After: dns.ViewData{Name: "v1", ACL: "192.0.2.1"}}
	update := func(name, acl string) domain.Command {
		return must(dns.NewUpdateView(1, dns.ViewInput{Name: &name, ACL: &acl}, nil))
	}
	create := func(acl string) domain.Command {
		return must(dns.NewCreateView(dns.ViewInput{Name: new("new"), ACL: &acl}))
	}
	created := func(acl string) domain.Event {
		return dns.ViewCreated{ID: 100, Privilege: privilegeOf(100), View: dns.ViewData{Name: "new", ACL: acl}}
	}
	order := must(dns.NewOrderViews([]int64{2, 1}, nil, nil))
	ordered := dns.ViewsOrdered{ViewIDs: []int64{2, 1}}
	without := users(view(1, "v1"), view(2, "v2"), dns.BindConfChanged{Text: plainConf, Secrets: []string{"s"}})
	staged := append(without, rolloutPlanned())
	ofConf := dns.FormerSettings{BindConf: &dns.FormerBindConf{Text: plainConf, Secrets: []string{"s"}}}
	running := append(staged, dns.BindConfChanged{Text: otherConf}, rolloutStarted(ofConf))
	id := domain.Position(len(running))
	const busy = "a rollout is under way, stage 1 of 3"
	runDecisions(t, []decision{
		{name: "without stages", given: without, as: admin, when: inStages{Command: conf}, then: []domain.Event{dns.BindConfChanged{Text: otherConf}}},
		{name: "the configuration", given: staged, as: admin, when: inStages{Command: conf},
			then: []domain.Event{dns.BindConfChanged{Text: otherConf}, rolloutStarted(ofConf)}},
		{name: "the default before", given: users(rolloutPlanned()), as: admin, when: inStages{Command: conf}, then: []domain.Event{
			dns.BindConfChanged{Text: otherConf}, rolloutStarted(dns.FormerSettings{BindConf: &dns.FormerBindConf{Text: dns.DefaultBindConf}}),
		}},
		{name: "the same text", given: staged, as: admin, when: inStages{Command: must(dns.NewChangeBindConf(plainConf, nil, nil))}, then: nil},
		{name: "an ACL", given: staged, as: admin, when: inStages{Command: update("v1", "192.0.2.1")}, then: []domain.Event{view2, rolloutStarted(aclOf(1, "any"))}},
		{name: "a name alone", given: staged, as: admin, when: inStages{Command: update("x", "any")}, then: []domain.Event{
			dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1", ACL: "any"}, After: dns.ViewData{Name: "x", ACL: "any"}},
		}},
		{name: "a new view", given: staged, as: admin, when: inStages{Command: create("any")}, then: []domain.Event{created("any"), rolloutStarted(aclOf(100, "none"))}},
		{name: "a new view without clients", given: staged, as: admin, when: inStages{Command: create("none")}, then: []domain.Event{created("none")}},
		{name: "the order", given: staged, as: admin, when: inStages{Command: order},
			then: []domain.Event{ordered, rolloutStarted(dns.FormerSettings{Order: new([]int64{})})}},
		{name: "several", given: staged, as: admin, when: inStages{Command: both{order, conf}}, then: []domain.Event{
			ordered, dns.BindConfChanged{Text: otherConf}, rolloutStarted(dns.FormerSettings{BindConf: ofConf.BindConf, Order: new([]int64{})}),
		}},
		{name: "what is undone", given: append(staged[:len(staged):len(staged)], view2), as: admin, when: inStages{Command: dns.NewUndoViewUpdated(view2)},
			then: []domain.Event{
				dns.ViewUpdated{ID: 1, Before: view2.After, After: view2.Before}, rolloutStarted(aclOf(1, "192.0.2.1")),
			}},
		{name: "another meanwhile", given: running, as: admin, when: inStages{Command: order}, code: domain.CodeConflict, text: busy},
		{name: "a new view meanwhile", given: running, as: admin, when: inStages{Command: create("any")}, code: domain.CodeConflict, text: busy},
		{name: "a name meanwhile", given: running, as: admin, when: inStages{Command: update("x", "any")}, then: []domain.Event{
			dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1", ACL: "any"}, After: dns.ViewData{Name: "x", ACL: "any"}},
		}},
		{name: "after the end", given: append(running[:len(running):len(running)], dns.RolloutEnded{Rollout: id}), as: admin, when: inStages{Command: order},
			then: []domain.Event{ordered, rolloutStarted(dns.FormerSettings{Order: new([]int64{})})}},
		{name: "at once", given: staged, as: admin, when: inStages{order, true}, then: []domain.Event{ordered}},
		{name: "at once meanwhile", given: running, as: admin, when: inStages{order, true},
			then: []domain.Event{ordered, dns.RolloutEnded{Rollout: id, Overtaken: true}}},
		{name: "at once by who is not admin", given: append(running[:len(running):len(running)],
			access.RoleCreated{ID: 8, Name: "r", Privileges: []int64{access.PrivilegeBindConfEdit}}, access.UserRolesChanged{ID: other, After: []int64{8}}),
			as: other, when: inStages{must(dns.NewChangeBindConf(plainConf, nil, nil)), true}, code: domain.CodeForbidden, text: "admin"},
	})
	runRaces(t, []race{
		{"a rollout starts", append(without[4:len(without):len(without)], rolloutPlanned()), inStages{Command: conf}, rolloutStarted(ofConf), true},
		{"stages are planned", without[4:], inStages{Command: conf}, rolloutPlanned(), true},
	})
}

// Steps of a rollout hold in one stage of it, are for who may edit the configuration, and a stop brings
// everything back that is still there.
func TestStepsOfARollout(t *testing.T) {
	t.Parallel()
	former := dns.FormerSettings{
		BindConf: &dns.FormerBindConf{Text: plainConf}, Order: new([]int64{1, 2}),
		ACLs: []dns.FormerACL{{ViewID: 1, ACL: "any"}, {ViewID: 2, ACL: "none"}, {ViewID: 3, ACL: "192.0.2.9"}},
	}
	changed := dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1", ACL: "any"}, After: dns.ViewData{Name: "v1", ACL: "192.0.2.1"}}
	renamed := dns.ViewUpdated{ID: 1, Before: changed.After, After: dns.ViewData{Name: "x", ACL: "192.0.2.1"}}
	given := users(view(1, "v1"), view(3, "v3"), rolloutPlanned(),
		dns.BindConfChanged{Text: otherConf}, changed, view(2, "v2"), dns.ViewsOrdered{ViewIDs: []int64{2, 1}}, rolloutStarted(former))
	id := domain.Position(len(given))
	given = append(given, renamed, dns.ViewDeleted{ID: 3, View: dns.ViewData{Name: "v3", ACL: "any"}, Privilege: privilegeOf(3)})
	second := append(given[:len(given):len(given)], dns.RolloutStageReached{Rollout: id, Stage: 2})
	third := append(second[:len(second):len(second)], dns.RolloutStageReached{Rollout: id, Stage: 3})
	back := []domain.Event{
		dns.BindConfChanged{Text: plainConf},
		dns.ViewUpdated{ID: 1, Before: renamed.After, After: dns.ViewData{Name: "x", ACL: "any"}},
		dns.ViewUpdated{ID: 2, Before: dns.ViewData{Name: "v2", ACL: "any"}, After: dns.ViewData{Name: "v2", ACL: "none"}},
		dns.ViewsOrdered{ViewIDs: []int64{1, 2}},
	}
	stopped := append(given[:len(given):len(given)], append(back, dns.RolloutStopped{Rollout: id})...)
	const ended = "the rollout has ended"
	runDecisions(t, []decision{
		{name: "on", given: given, when: dns.NewGoOnWithRollout(id, 1), then: []domain.Event{dns.RolloutStageReached{Rollout: id, Stage: 2}}},
		{name: "on by a user", given: given, as: admin, when: dns.NewGoOnWithRollout(id, 0), then: []domain.Event{dns.RolloutStageReached{Rollout: id, Stage: 2}}},
		{name: "on twice", given: second, when: dns.NewGoOnWithRollout(id, 1), code: domain.CodeRefused, text: "in stage 2 already"},
		{name: "the last", given: second, when: dns.NewGoOnWithRollout(id, 2), then: []domain.Event{dns.RolloutStageReached{Rollout: id, Stage: 3}}},
		{name: "the end", given: third, when: dns.NewGoOnWithRollout(id, 3), then: []domain.Event{dns.RolloutEnded{Rollout: id}}},
		{name: "another rollout", given: given, when: dns.NewGoOnWithRollout(id-1, 0), code: domain.CodeRefused, text: ended},
		{name: "on by who may not", given: given, as: guest, when: dns.NewGoOnWithRollout(id, 1), code: domain.CodeForbidden, text: "BIND_CONF_EDIT"},
		{name: "stop", given: third, when: dns.NewStopRollout(id, "server 1: no"),
			then: append(back[:4:4], dns.RolloutStopped{Rollout: id, Reason: "server 1: no"})},
		{name: "stop twice", given: stopped, when: dns.NewStopRollout(id, ""), code: domain.CodeRefused, text: ended},
		{name: "on after a stop", given: stopped, when: dns.NewGoOnWithRollout(id, 0), code: domain.CodeRefused, text: ended},
		{name: "stop by who may not", given: given, as: guest, when: dns.NewStopRollout(id, ""), code: domain.CodeForbidden, text: "BIND_CONF_EDIT"},
		{name: "what stops starts nothing", given: given, when: inStages{Command: dns.NewStopRollout(id, "")}, then: append(back[:4:4], dns.RolloutStopped{Rollout: id})},
	})
	runRaces(t, []race{
		{"a stage is reached", given[4:], dns.NewGoOnWithRollout(id, 1), dns.RolloutStageReached{}, true},
		{"it is stopped", given[4:], dns.NewGoOnWithRollout(id, 1), dns.RolloutStopped{}, true},
		{"a view is renamed before it is stopped", given[4:], dns.NewStopRollout(id, ""), renamed, true},
	})
}

func TestPlanOfRollouts(t *testing.T) {
	t.Parallel()
	first := rolloutPlanned()
	undo := dns.NewUndoRolloutPlan(first)
	plan := func(order *[][]string, soak *int) domain.Command { return must(dns.NewPlanRollouts(order, soak, nil)) }
	runDecisions(t, []decision{
		{name: "the first", given: users(), as: admin, when: plan(&first.After.Order, new(7)), then: []domain.Event{first}},
		{name: "the same", given: users(first), as: admin, when: plan(&first.After.Order, nil), then: nil},
		{name: "the soak alone", given: users(first), as: admin, when: plan(nil, new(0)), then: []domain.Event{
			dns.RolloutPlanned{Before: first.After, After: dns.RolloutPlan{Order: first.After.Order}},
		}},
		{name: "no stages", given: users(first), as: admin, when: plan(&[][]string{}, nil), then: []domain.Event{
			dns.RolloutPlanned{Before: first.After, After: dns.RolloutPlan{Order: [][]string{}, SoakS: 7}},
		}},
		{name: "by who may not", given: users(), as: guest, when: plan(nil, new(1)), code: domain.CodeForbidden, text: "BIND_CONF_EDIT"},
		{name: "changed since it was read", given: users(first), as: admin, when: must(dns.NewPlanRollouts(nil, new(1), new(domain.Position(1)))),
			code: domain.CodePrecondition},
		{name: "undone", given: users(first), as: admin, when: undo, then: []domain.Event{dns.RolloutPlanned{Before: first.After, After: first.Before}}},
		{name: "undone, changed since", given: users(first, dns.RolloutPlanned{Before: first.After}), as: admin, when: undo, code: domain.CodeChanged},
	})
	for name, c := range map[string]struct {
		order *[][]string
		soak  *int
		field string
	}{
		"no servers": {&[][]string{{}}, nil, "order"}, "no name": {&[][]string{{""}}, nil, "order"}, "twice": {&[][]string{{"a"}, {"a"}}, nil, "order"},
		"too many": {new(make([][]string, 33)), nil, "order"}, "long": {&[][]string{{strings.Repeat("x", 5000)}}, nil, "order"},
		"below 0": {nil, new(-1), "soak_s"}, "above a day": {nil, new(86_401), "soak_s"},
	} {
		_, err := dns.NewPlanRollouts(c.order, c.soak, nil)
		if e, is := err.(*domain.Error); !is || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A server is in the first stage that names its environment or itself, else in the last one.
func TestStagesOfServers(t *testing.T) {
	t.Parallel()
	servers := map[int64]dns.ServerData{
		1: {Host: "ns1", Env: "canary"}, 2: {Host: "NS2", Env: "fra"}, 3: {Host: "ns3", Env: "fra"}, 4: {Host: "ns4", Env: "ams"}, 5: {Host: "canary", Env: ""},
	}
	stages := dns.StagesOf([][]string{{"canary", "ns2"}, {"fra"}}, servers)
	if want := (dns.RolloutStages{{1, 2, 5}, {3}}); !reflect.DeepEqual(stages, want) || stages.Count() != 3 {
		t.Errorf("%v", stages)
	}
	for id, want := range map[int64]int{1: 1, 2: 1, 3: 2, 4: 3, 5: 1, 99: 3} {
		if got := stages.Of(id); got != want {
			t.Errorf("server %d is in stage %d", id, got)
		}
	}
}

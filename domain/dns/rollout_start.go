package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// InStages completes what a command has decided: a change of the main configuration, of views' ACLs or
// of their order starts a rollout, by whatever door it comes.
//
// Invariants of rollouts:
//  1. There is one at a time: until it has ended no other such change is decided, but one that admin
//     sends to all servers at once, with which the rollout ends.
//  2. Its stages are reached one after the other, each once.
//  3. It ends once. If it is stopped, everything that it has replaced, and that is still there, is as
//     before from the same change on.
func InStages(h domain.History, env domain.Env, events []domain.Event) ([]domain.Event, error) {
	former, changes := replaced(events)
	if !changes {
		return events, nil
	}
	current := newRolloutFold()
	if err := h.Load(current); err != nil {
		return nil, err
	}
	switch {
	case env.AtOnce:
		return atOnce(h, env, current, events)
	case current.id != 0:
		return nil, domain.Conflict("a rollout is under way, stage %d of %d: see /v1/rollouts/%d",
			current.stage, len(current.started.Order)+1, current.id)
	case len(current.plan.Order) == 0:
		return events, nil
	}
	if err := former.complete(h, events); err != nil {
		return nil, err
	}
	return append(events, RolloutStarted{Order: current.plan.Order, SoakS: current.plan.SoakS, Former: former}), nil
}

// atOnce lets a change pass by all stages.
func atOnce(h domain.History, env domain.Env, current *rolloutFold, events []domain.Event) ([]domain.Event, error) {
	actor, err := access.Load(h, env.Actor)
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.Administer()); err != nil {
		return nil, err
	}
	if current.id == 0 {
		return events, nil
	}
	return append(events, RolloutEnded{Rollout: current.id, Overtaken: true}), nil
}

// replaced says whether events change what goes out in stages, and the ACLs that views had before. What
// ends a rollout starts none.
func replaced(events []domain.Event) (former FormerSettings, changes bool) {
	known := map[int64]bool{}
	was := func(view int64, acl string) {
		if !known[view] {
			known[view] = true
			former.ACLs = append(former.ACLs, FormerACL{ViewID: view, ACL: acl})
		}
	}
	for _, e := range events {
		switch e := e.(type) {
		case RolloutStopped:
			return FormerSettings{}, false
		case BindConfChanged, ViewsOrdered:
			changes = true
		case ViewCreated:
			if e.View.ACL != aclNone {
				was(e.ID, aclNone)
			}
		case ViewUpdated:
			if e.Before.ACL != e.After.ACL {
				was(e.ID, e.Before.ACL)
			}
		}
	}
	return former, changes || len(known) > 0
}

// aclNone is the ACL of a view without clients.
const aclNone = "none"

// complete adds the main configuration and the order of views, as they are in the log, where the events
// replace these.
func (f *FormerSettings) complete(h domain.History, events []domain.Event) error {
	conf, order := &bindConfFold{}, &viewOrder{}
	if err := h.Load(conf, order); err != nil {
		return err
	}
	for _, e := range events {
		switch e.(type) {
		case BindConfChanged:
			f.BindConf = conf.former()
		case ViewsOrdered:
			ids := append([]int64{}, order.ids...)
			f.Order = &ids
		}
	}
	return nil
}

// former is the configuration of the fold.
func (f *bindConfFold) former() *FormerBindConf {
	if f.changed == 0 {
		return &FormerBindConf{Text: DefaultBindConf}
	}
	return &FormerBindConf{Text: f.text, Secrets: f.secrets}
}

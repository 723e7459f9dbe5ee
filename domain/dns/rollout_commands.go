package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// PlanRollouts sets the stages of rollouts to come.
type PlanRollouts struct {
	order   *[][]string
	soakS   *int
	ifMatch *domain.Position
}

// NewPlanRollouts checks the form of a plan; what is nil stays. If-Match is the position of the plan's
// last version, 0 for the default.
func NewPlanRollouts(order *[][]string, soakS *int, ifMatch *domain.Position) (PlanRollouts, error) {
	if order != nil {
		if err := checkRolloutOrder(*order); err != nil {
			return PlanRollouts{}, err
		}
	}
	if soakS != nil && (*soakS < 0 || *soakS > maxSoakS) {
		return PlanRollouts{}, domain.Invalid("soak_s", "必须是0到%d之间的整数！", maxSoakS)
	}
	return PlanRollouts{order: order, soakS: soakS, ifMatch: ifMatch}, nil
}

// Decide implements [domain.Command].
func (c PlanRollouts) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	current, err := loadRollout(h, env)
	if err != nil {
		return nil, err
	}
	if err := domain.CheckVersion(c.ifMatch, current.changed); err != nil {
		return nil, err
	}
	after := current.plan
	set(&after.Order, c.order)
	set(&after.SoakS, c.soakS)
	if after.equal(current.plan) {
		return nil, nil
	}
	return []domain.Event{RolloutPlanned{Before: current.plan, After: after}}, nil
}

// UndoRolloutPlan brings the plan back to what it was before an event, as long as it is as the event
// left it.
type UndoRolloutPlan struct{ event RolloutPlanned }

// NewUndoRolloutPlan returns the command for an event.
func NewUndoRolloutPlan(e RolloutPlanned) UndoRolloutPlan { return UndoRolloutPlan{event: e} }

// Decide implements [domain.Command].
func (c UndoRolloutPlan) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	current, err := loadRollout(h, env)
	if err != nil {
		return nil, err
	}
	if !current.plan.equal(c.event.After) {
		return nil, domain.Changed(current.changed, "the plan of rollouts was changed since")
	}
	return []domain.Event{RolloutPlanned{Before: current.plan, After: c.event.Before}}, nil
}

// GoOnWithRollout leaves a stage of a rollout for the next one, or ends the rollout after the last.
type GoOnWithRollout struct {
	id domain.Position
	// after is the stage that is left, 0 for whatever is the present one.
	after int
}

// NewGoOnWithRollout returns the command for a rollout and the stage that is left, 0 for the present one.
func NewGoOnWithRollout(id domain.Position, after int) GoOnWithRollout {
	return GoOnWithRollout{id: id, after: after}
}

// Decide implements [domain.Command].
func (c GoOnWithRollout) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	current, err := underWay(h, env, c.id)
	if err != nil {
		return nil, err
	}
	switch {
	case c.after != 0 && c.after != current.stage:
		return nil, domain.Refused("the rollout is in stage %d already", current.stage)
	case current.stage > len(current.started.Order):
		return []domain.Event{RolloutEnded{Rollout: c.id}}, nil
	default:
		return []domain.Event{RolloutStageReached{Rollout: c.id, Stage: current.stage + 1}}, nil
	}
}

// StopRollout ends a rollout and brings back what it has replaced.
type StopRollout struct {
	id     domain.Position
	reason string
}

// NewStopRollout returns the command for a rollout; the reason is empty where a user stops it.
func NewStopRollout(id domain.Position, reason string) StopRollout {
	return StopRollout{id: id, reason: reason}
}

// Decide implements [domain.Command].
func (c StopRollout) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	current, err := underWay(h, env, c.id)
	if err != nil {
		return nil, err
	}
	events, err := current.started.Former.bringBack(h)
	if err != nil {
		return nil, err
	}
	return append(events, RolloutStopped{Rollout: c.id, Reason: c.reason}), nil
}

// bringBack are the events by which these settings hold again. Views that are gone stay so, and views
// keep the names that they have.
func (f FormerSettings) bringBack(h domain.History) (events []domain.Event, err error) {
	folds := make([]domain.Fold, len(f.ACLs))
	for i, a := range f.ACLs {
		folds[i] = newViewFold(a.ViewID)
	}
	if err := h.Load(folds...); err != nil {
		return nil, err
	}
	if f.BindConf != nil {
		events = append(events, BindConfChanged{Text: f.BindConf.Text, Secrets: f.BindConf.Secrets})
	}
	for i, a := range f.ACLs {
		view := folds[i].(*viewFold)
		if view.exists && view.data.ACL != a.ACL {
			events = append(events, ViewUpdated{ID: a.ViewID, Before: view.data, After: ViewData{Name: view.data.Name, ACL: a.ACL}})
		}
	}
	if f.Order != nil {
		events = append(events, ViewsOrdered{ViewIDs: *f.Order})
	}
	return events, nil
}

// loadRollout reads the plan, and the rollout under way, for an actor who may edit the configuration.
func loadRollout(h domain.History, env domain.Env) (*rolloutFold, error) {
	actor, current := access.NewActor(env.Actor), newRolloutFold()
	if err := h.Load(actor, current); err != nil {
		return nil, err
	}
	return current, access.Authorize(h, actor, access.EditBindConf())
}

// underWay is loadRollout for a rollout that has not ended.
func underWay(h domain.History, env domain.Env, id domain.Position) (*rolloutFold, error) {
	current, err := loadRollout(h, env)
	if err == nil && current.id != id {
		err = domain.Refused("the rollout has ended")
	}
	return current, err
}

package dns

import "github.com/opsledger/opsledger/domain"

// rolloutFold is the plan, and the rollout that is under way.
type rolloutFold struct{ rolloutState }

type rolloutState struct {
	plan RolloutPlan
	// changed is the position of the plan's last version, 0 for the default.
	changed domain.Position
	// id is the rollout that is under way, 0 for none.
	id      domain.Position
	started RolloutStarted
	stage   int
}

func newRolloutFold() *rolloutFold { return &rolloutFold{rolloutState{plan: DefaultRolloutPlan()}} }

// Item implements [domain.Fold].
func (*rolloutFold) Item() domain.Item {
	return domain.Item{Tag: TagRollout, Types: []string{
		RolloutPlanned{}.EventType(), RolloutStarted{}.EventType(), RolloutStageReached{}.EventType(),
		RolloutEnded{}.EventType(), RolloutStopped{}.EventType(),
	}}
}

// Apply implements [domain.Fold].
func (f *rolloutFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case RolloutPlanned:
		f.plan, f.changed = e.After, r.Position
	case RolloutStarted:
		f.id, f.started, f.stage = r.Position, e, 1
	case RolloutStageReached:
		f.stage = e.Stage
	case RolloutEnded, RolloutStopped:
		f.id, f.started, f.stage = 0, RolloutStarted{}, 0
	}
}

// Snapshot implements [domain.Fold].
func (f *rolloutFold) Snapshot() any { return f.rolloutState }

// Restore implements [domain.Fold].
func (f *rolloutFold) Restore(s any) { f.rolloutState = s.(rolloutState) }

package dnsmodel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
)

func (b *batch) applyRollout(e domain.Recorded) error {
	switch event := e.Event.(type) {
	case dns.RolloutPlanned:
		return b.rolloutPlanned(e, event)
	case dns.RolloutStarted:
		return b.rolloutStarted(e, event)
	case dns.RolloutStageReached:
		return b.rolloutStageReached(e, event)
	case dns.RolloutEnded:
		return b.rolloutEnded(e, event)
	case dns.RolloutStopped:
		return b.rolloutStopped(e, event)
	default:
		return fmt.Errorf("unknown event type %T", e.Event)
	}
}

func (b *batch) rolloutPlanned(e domain.Recorded, event dns.RolloutPlanned) error {
	plan := RolloutPlan{RolloutPlan: event.After, Changed: e.Position}
	plan.Order = append([][]string{}, plan.Order...)
	b.rolloutPlan.Put(plan)
	texts := oplog.Changed(planDetail(event.Before), planDetail(event.After))
	return b.log(e, oplog.OperationChange, rolloutTarget, texts)
}

// rolloutStarted settles which servers are in which stage.
func (b *batch) rolloutStarted(e domain.Recorded, event dns.RolloutStarted) error {
	all := map[int64]dns.ServerData{}
	for s := range b.servers.All() {
		all[s.ID] = s.ServerData
	}
	started := Rollout{
		ID: e.Position, First: b.begun, Order: event.Order, Stages: dns.StagesOf(event.Order, all), SoakS: event.SoakS, Former: event.Former,
		State: RolloutRunning, Reached: []int64{int64(e.Position)}, Begun: e.At,
	}
	if err := b.rollouts.Add(started); err != nil {
		return err
	}
	return b.logRollout(e, oplog.OperationAdd, started)
}

func (b *batch) rolloutStageReached(e domain.Recorded, event dns.RolloutStageReached) error {
	r, err := b.runningRollout(event.Rollout)
	if err != nil {
		return err
	}
	if event.Stage != r.Stage()+1 {
		return fmt.Errorf("stage %d of rollout %d follows stage %d", event.Stage, r.ID, r.Stage())
	}
	r.Reached = append(slices.Clip(r.Reached), int64(e.Position))
	b.rollouts.Put(r)
	return b.logRollout(e, oplog.OperationChange, r)
}

func (b *batch) rolloutEnded(e domain.Recorded, event dns.RolloutEnded) error {
	r, err := b.runningRollout(event.Rollout)
	if err != nil {
		return err
	}
	r.State, r.Overtaken = RolloutDone, event.Overtaken
	return b.endRollout(e, r)
}

func (b *batch) rolloutStopped(e domain.Recorded, event dns.RolloutStopped) error {
	r, err := b.runningRollout(event.Rollout)
	if err != nil {
		return err
	}
	r.State, r.Reason = RolloutStopped, event.Reason
	return b.endRollout(e, r)
}

func (b *batch) endRollout(e domain.Recorded, r Rollout) error {
	r.Ended, r.EndedAt = e.Position, &e.At
	b.rollouts.Put(r)
	return b.logRollout(e, oplog.OperationChange, r)
}

func (b *batch) runningRollout(id domain.Position) (Rollout, error) {
	r, err := b.rollouts.Find(id)
	if err == nil && r.State != RolloutRunning {
		err = fmt.Errorf("rollout %d has ended", id)
	}
	return r, err
}

// rolloutTarget is the one plan, and rollouts, as the operation log names them.
var rolloutTarget = oplog.Target{Type: oplog.TargetBindConf, Name: "rollout"}

func planDetail(p dns.RolloutPlan) *oplog.Detail {
	stages := make([]string, len(p.Order))
	for i, names := range p.Order {
		stages[i] = strings.Join(names, " ")
	}
	d := oplog.NewDetail()
	d.Line("发布顺序", strings.Join(stages, "; "))
	d.Number("观察秒数", int64(p.SoakS))
	return d
}

func (b *batch) logRollout(e domain.Recorded, operation string, r Rollout) error {
	d := oplog.NewDetail()
	d.Number("发布编号", int64(r.ID))
	d.Line("阶段", fmt.Sprintf("%d/%d", r.Stage(), r.Stages.Count()))
	d.Line("状态", string(r.State))
	d.Line("原因", r.Reason)
	return b.log(e, operation, rolloutTarget, oplog.Stated(d))
}

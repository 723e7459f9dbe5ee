package batch

import (
	"errors"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// maxRounds bounds the rounds of reading ahead. No command of today needs more
// than seven rounds, and few need more than three. Operations that depend on each
// other's outcome to know what to read could need one round each; after maxRounds
// each operation reads what it lacks by itself, at once.
const maxRounds = 8

// Decide implements [domain.Command]. It goes through all operations in rounds.
// Whatever folds the operations lack in one round are read together before the
// next round. The round in which no operation lacks a fold is the decision.
func (c Command) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	view := newOverlay(h, env, len(c.operations))
	// Ids are drawn with the first Load. Every operation asks for the actor.
	view.want(access.NewActor(env.Actor))
	if err := view.fetch(); err != nil {
		return nil, err
	}
	steps := c.steps(env)
	defer view.restart(false)
	for round := 1; ; round++ {
		view.restart(c.atOnce || round > maxRounds)
		t, err := decide(view, env, steps)
		if err != nil {
			return nil, err
		}
		if len(view.wanted) > 0 {
			if err := view.fetch(); err != nil {
				return nil, err
			}
			continue
		}
		if len(t.refusals) > 0 {
			slices.SortStableFunc(t.refusals, func(a, b Refusal) int { return a.Index - b.Index })
			return nil, &Error{Refusals: t.refusals}
		}
		for _, w := range t.warnings {
			env.Warn(w)
		}
		env.Because(t.causes(steps))
		return t.events, nil
	}
}

// step is an operation whose ids are known.
type step struct {
	Operation
	// ids are those of Takes, in the same order.
	ids     []int64
	command domain.Command
	err     error // in place of a command
}

// steps deals out the ids in the order of the operations and builds the commands.
func (c Command) steps(env domain.Env) []step {
	steps := make([]step, len(c.operations))
	for i, o := range c.operations {
		ids := make([]int64, len(o.Takes))
		for n, sequence := range o.Takes {
			ids[n] = env.NextID(sequence)
		}
		var uses []int64
		for _, used := range o.Uses {
			uses = append(uses, steps[used].ids[0])
		}
		steps[i] = step{Operation: o, ids: ids}
		steps[i].command, steps[i].err = o.Build(uses)
	}
	return steps
}

// turn is one round through the operations.
type turn struct {
	view *overlay
	env  domain.Env
	// ids is what the operation at hand may take; one map serves all.
	ids     map[domain.Sequence][]int64
	refused []bool
	// decided are the events of each operation.
	decided [][]domain.Event

	events   []domain.Event
	refusals []Refusal
	warnings []domain.Warning
	// withdrawn counts the operations that were refused by a rule about the batch's end.
	withdrawn int
}

// decide goes through the operations once, and then through those with rules that hold at
// the end of the batch. Its result counts only if no operation lacked a fold on the way.
func decide(view *overlay, env domain.Env, steps []step) (*turn, error) {
	t := &turn{
		view: view, env: env, ids: map[domain.Sequence][]int64{}, refused: make([]bool, len(steps)),
		decided: make([][]domain.Event, len(steps)),
	}
	if err := t.each(steps, t.carryOut); err != nil {
		return nil, err
	}
	return t, t.each(steps, t.judge)
}

// each goes through the operations. Its error ends the whole batch.
func (t *turn) each(steps []step, do func(int, *step) error) error {
	for i := range steps {
		if err := t.view.history.Load(); err != nil { // 10,000 operations take long: may the decision go on?
			return err
		}
		if err := do(i, &steps[i]); err != nil {
			if err = t.refuse(i, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// carryOut decides an operation on what those before it have left.
func (t *turn) carryOut(i int, s *step) error {
	decided, err := t.decide(s)
	if err != nil {
		return err
	}
	t.view.add(decided)
	t.decided[i] = decided
	if t.events = append(t.events, decided...); len(t.events) > maxEvents {
		return ErrTooManyEvents
	}
	return nil
}

// judge applies an operation's rules about several resources to what the batch leaves.
func (t *turn) judge(i int, s *step) error {
	judged, ok := s.command.(domain.Judged)
	if !ok || len(t.decided[i]) == 0 {
		return nil
	}
	env := t.env
	if t.env.Warns() {
		env = t.env.Warning(&t.warnings)
	}
	err := judged.Judge(t.view, env, t.decided[i])
	if _, refused := errors.AsType[*domain.Error](err); refused && t.withdrawn < maxWithdrawn {
		t.withdrawn++
		t.decided[i] = nil
		t.view.restart(t.view.direct)
		for _, events := range t.decided {
			t.view.add(events)
		}
	}
	return err
}

// maxWithdrawn is how many operations are withdrawn once a rule refuses them, so that those
// after them are judged as if they were not there. Each costs a walk through all events.
const maxWithdrawn = 20

// refuse notes why an operation decided nothing. It returns the error if that
// error ends the whole batch.
func (t *turn) refuse(i int, err error) error {
	var refusal *domain.Error
	switch {
	case errors.Is(err, errWanted):
		return nil
	case errors.As(err, &refusal) && (refusal.Code == domain.CodeUnauthenticated || refusal.Code == domain.CodeConflict):
		return refusal // it is not the operation's fault
	case errors.As(err, &refusal):
		t.refused[i] = true
		t.refusals = append(t.refusals, Refusal{Index: i, Err: refusal})
		return nil
	default:
		return err
	}
}

func (t *turn) decide(s *step) ([]domain.Event, error) {
	for _, used := range s.Uses {
		if t.refused[used] {
			return nil, domain.Refused("所引用的操作%d被拒绝！", used)
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	// An Env uses up its ids, and a later round needs the same ids again.
	clear(t.ids)
	for i, sequence := range s.Takes {
		if t.ids[sequence] == nil {
			t.ids[sequence] = s.ids[i : i+1 : i+1]
		} else {
			t.ids[sequence] = append(t.ids[sequence], s.ids[i])
		}
	}
	env := t.env.WithIDs(t.ids)
	if t.env.Warns() {
		env = env.Warning(&t.warnings)
	}
	events, err := decidePart(s.command, t.view, env)
	if err != nil {
		return nil, err
	}
	return events, env.CheckBounds(t.view, events)
}

// decidePart is a command's decision without the rules that hold at the end of the batch.
func decidePart(c domain.Command, h domain.History, env domain.Env) ([]domain.Event, error) {
	if judged, ok := c.(domain.Judged); ok {
		return judged.DecidePart(h, env)
	}
	return c.Decide(h, env)
}

// causes are those of the decided events, see [domain.Env.Because].
func (t *turn) causes(steps []step) []domain.Position {
	if !slices.ContainsFunc(steps, func(s step) bool { return s.Undoes != 0 }) {
		return nil
	}
	causes := make([]domain.Position, 0, len(t.events))
	for i, decided := range t.decided {
		for range decided {
			causes = append(causes, steps[i].Undoes)
		}
	}
	return causes
}

package batch

import (
	"errors"

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
		view.restart(round > maxRounds)
		events, refusals, err := decide(view, env, steps)
		if err != nil {
			return nil, err
		}
		if len(view.wanted) > 0 {
			if err := view.fetch(); err != nil {
				return nil, err
			}
			continue
		}
		if len(refusals) > 0 {
			return nil, &Error{Refusals: refusals}
		}
		return events, nil
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

	events   []domain.Event
	refusals []Refusal
}

// decide goes through the operations once. Its result counts only if no operation
// lacked a fold on the way.
func decide(view *overlay, env domain.Env, steps []step) ([]domain.Event, []Refusal, error) {
	t := turn{view: view, env: env, ids: map[domain.Sequence][]int64{}, refused: make([]bool, len(steps))}
	for i := range steps {
		if err := view.history.Load(); err != nil { // 10,000 operations take long: may the decision go on?
			return nil, nil, err
		}
		decided, err := t.decide(&steps[i])
		if err != nil {
			if err = t.refuse(i, err); err != nil {
				return nil, nil, err
			}
			continue
		}
		view.add(decided)
		t.events = append(t.events, decided...)
	}
	return t.events, t.refusals, nil
}

// refuse notes why an operation decided nothing. It returns the error if that
// error ends the whole batch.
func (t *turn) refuse(i int, err error) error {
	var refusal *domain.Error
	switch {
	case errors.Is(err, errWanted):
		return nil
	case errors.As(err, &refusal) && refusal.Code == domain.CodeUnauthenticated:
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
	return s.command.Decide(t.view, domain.NewEnv(t.env.Actor, t.env.Now, t.ids))
}

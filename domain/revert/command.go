package revert

import (
	"cmp"
	"errors"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
)

// MostInverses is the greatest number of inverses of one revert.
const MostInverses = batch.MaxOperations

// ErrTooMany says that a revert would be larger than a change may be.
var ErrTooMany = errors.New("more inverses than one change may have")

// Done is an event that is to be undone.
type Done struct {
	domain.Recorded
	// Resource is what the event is on, as "record:7".
	Resource string
	// Parts are what an import has staged that is done by the event, in order.
	Parts []dns.RecordsStaged
	// Former is the event before it that [Former] asks for, nil if there is none.
	Former *domain.Recorded
	// Against is what stands against undoing the event that no decision sees, nil for nothing.
	Against *domain.Error
}

// FormerEvent is that of Former, nil for none.
func (d Done) FormerEvent() domain.Event {
	if d.Former == nil {
		return nil
	}
	return d.Former.Event
}

// step is one inverse.
type step struct {
	of      Done
	command domain.Command
}

// Command undoes events.
//
// Invariants:
//  1. All of them are undone, or none.
//  2. An inverse is decided on what the inverses before it leave. It holds only if the event's
//     resource is then as the event left it: what others have done since is not taken away.
//  3. What the actor may not do by hand is refused before anything is said of what stands
//     against it.
//  4. Each event that comes of it names the event that it undoes, see [domain.Env.Because].
//  5. An event and what has undone it cancel each other out, see withoutPairs.
type Command struct {
	steps []step
	batch batch.Command
}

// Events returns the command that undoes events, which are in the order of the log: the last of
// them first. Its error is an [*Error] if one of them cannot be undone, whatever holds now, or
// [ErrTooMany].
func Events(done []Done) (domain.Command, error) {
	moved := movedIn(done)
	done = withoutPairs(done)
	var steps []step
	var conflicts, following []Conflict
	for _, d := range slices.Backward(done) {
		switch f := fateOf(d, moved); {
		case len(d.Parts) > 0:
			steps = append(steps, stepsOf(d)...)
		case f == follows:
			following = append(following, unable(d, f))
		case f != undone:
			conflicts = append(conflicts, unable(d, f))
		default:
			steps = append(steps, step{of: d, command: inverses[d.Event.EventType()].command(d)})
		}
		if len(steps) > MostInverses {
			return nil, ErrTooMany
		}
	}
	if len(steps) == 0 {
		conflicts = append(conflicts, following...)
	}
	if len(conflicts) > 0 {
		return nil, &Error{Conflicts: conflicts}
	}
	return newCommand(steps)
}

// stepsOf are the inverses of an import's parts, the last first.
func stepsOf(d Done) (steps []step) {
	for _, part := range slices.Backward(d.Parts) {
		for _, e := range slices.Backward(part.Singly()) {
			steps = append(steps, step{of: d, command: dns.NewUndoRecord(e)})
		}
	}
	return steps
}

func newCommand(steps []step) (domain.Command, error) {
	if len(steps) == 0 {
		return Command{}, nil
	}
	operations := make([]batch.Operation, len(steps))
	for i, s := range steps {
		operations[i] = batch.Of(s.command, nil)
		operations[i].Undoes = s.of.Position
	}
	all, err := batch.New(operations)
	return Command{steps: steps, batch: all}, err
}

// Decide implements [domain.Command].
func (c Command) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if len(c.steps) == 0 {
		return nil, nil
	}
	events, err := c.batch.Decide(h, env)
	all, is := errors.AsType[*batch.Error](err)
	if err != nil && !is {
		return nil, err
	}
	refusals := c.against()
	if is {
		refusals = append(refusals, all.Refusals...)
	}
	if len(refusals) > 0 {
		return nil, c.refusal(refusals)
	}
	return events, nil
}

// against are the refusals that no decision comes to.
func (c Command) against() (all []batch.Refusal) {
	for i, s := range c.steps {
		if s.of.Against != nil {
			all = append(all, batch.Refusal{Index: i, Err: s.of.Against})
		}
	}
	return all
}

// refusal is that of refused inverses. What the actor may not do comes first.
func (c Command) refusal(all []batch.Refusal) error {
	slices.SortStableFunc(all, func(a, b batch.Refusal) int { return cmp.Compare(a.Index, b.Index) })
	conflicts := make([]Conflict, len(all))
	for i, r := range all {
		if r.Err.Code == domain.CodeForbidden {
			return r.Err
		}
		conflicts[i] = refused(c.steps[r.Index].of, r.Err)
	}
	return &Error{Conflicts: conflicts}
}

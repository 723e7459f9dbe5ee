package revert

import "github.com/opsledger/opsledger/domain"

// Reason says why something cannot be undone.
type Reason string

// The reasons.
const (
	// ReasonFinal: it never can be.
	ReasonFinal Reason = "final"
	// ReasonFollows: it has no effect of its own.
	ReasonFollows Reason = "follows"
	// ReasonChanged: it has become something else since.
	ReasonChanged Reason = "changed"
	// ReasonRefused: a rule stands against it, as when a name is another's now.
	ReasonRefused Reason = "refused"
)

// Conflict is what stands in the way of undoing an event.
type Conflict struct {
	// Position is that of the event that stands in the way where it is known, else that of the
	// event that is not undone.
	Position domain.Position
	// Resource is what the latter is on, as "record:7".
	Resource string
	Reason   Reason
	Err      *domain.Error
}

// Error refuses a revert: nothing was undone.
type Error struct {
	// Conflicts has at least one entry, the newest events first.
	Conflicts []Conflict
}

func (e *Error) Error() string { return e.Words().String() }

// Words says it to the client.
func (e *Error) Words() domain.Text {
	return domain.Text{
		Format: "%d things stand in the way, and nothing was undone: %s", Args: []any{len(e.Conflicts), e.Conflicts[0].Err},
	}
}

// unable is the conflict of an event that has no inverse.
func unable(d Done, f fate) Conflict {
	c := Conflict{Position: d.Position, Resource: d.Resource}
	kind := d.Event.EventType()
	if f == follows {
		c.Reason, c.Err = ReasonFollows, domain.Refused("%s has no effect of its own: undo what it follows from", kind)
		return c
	}
	c.Reason, c.Err = ReasonFinal, domain.Refused("%s is final, and is never undone", kind)
	return c
}

// refused is the conflict of an event whose inverse was refused.
func refused(d Done, err *domain.Error) Conflict {
	c := Conflict{Position: d.Position, Resource: d.Resource, Reason: ReasonRefused, Err: err}
	if err.Code == domain.CodeChanged || err.Code == domain.CodeNotFound || err.Code == domain.CodePrecondition {
		c.Reason = ReasonChanged
	}
	if err.Since > 0 && !err.Since.Pending() { // else it is the revert's own
		c.Position = err.Since
	}
	return c
}

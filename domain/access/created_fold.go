package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// ResourceBegun is an event of another package with which a server, a view or a zone
// begins, and with it what its creator may do to it. Machines, tasks and records give
// their creator no right.
type ResourceBegun interface {
	domain.ByActor
	// Begun is the resource: its kind, its id and the first of its privileges.
	Begun() Target
}

// TagsOfCreator are the tags that a [ResourceBegun] has because of its actor.
func TagsOfCreator(actor domain.UserID) []domain.Tag {
	if actor == domain.System {
		return nil
	}
	return []domain.Tag{TagCreator(actor)}
}

// creations are the resources that a user has created, those that are gone, too.
type creations struct {
	user    domain.UserID
	targets []Target
}

func newCreations(user domain.UserID) *creations { return &creations{user: user} }

// Item implements [domain.Fold]. Each type guards: a resource that the user creates
// is one more that others may have no right to.
func (f *creations) Item() domain.Item {
	return domain.Item{Tag: TagCreator(f.user), Types: resourceBegins}
}

// Apply implements [domain.Fold].
func (f *creations) Apply(r domain.Recorded) {
	if e, ok := r.Event.(ResourceBegun); ok {
		t := e.Begun()
		t.Created, t.Creator = r.Position, r.Actor
		f.targets = append(f.targets, t)
	}
}

// Snapshot implements [domain.Fold].
func (f *creations) Snapshot() any { return f.targets }

// Restore implements [domain.Fold]. Clipped, the snapshot has no room that two folds
// would share.
func (f *creations) Restore(s any) { f.targets = slices.Clip(s.([]Target)) }

package dns

import (
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// parse checks the form of a view. Both fields are required, always.
func (in ViewInput) parse() (ViewData, error) {
	name, err := parsed("name", in.Name, true, ParseViewName)
	if err != nil {
		return ViewData{}, err
	}
	if _, err := parsed("acl", in.ACL, true, ParseACL); err != nil {
		return ViewData{}, err
	}
	return ViewData{Name: *name, ACL: *in.ACL}, nil
}

// CreateView makes a view.
//
// Invariants of views:
//  1. A name belongs to one view.
//  2. A view that a zone is linked to exists.
type CreateView struct{ view ViewData }

// NewCreateView checks the form of a view.
func NewCreateView(in ViewInput) (CreateView, error) {
	view, err := in.parse()
	return CreateView{view: view}, err
}

// Allocates implements [domain.Allocator].
func (CreateView) Allocates() []domain.Sequence {
	return []domain.Sequence{domain.SequenceView, domain.SequencePrivilege}
}

// Decide implements [domain.Command].
func (c CreateView) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, name := access.NewActor(env.Actor), viewNamed(c.view.Name)
	if err := h.Load(actor, name); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.AddView()); err != nil {
		return nil, err
	}
	if name.HeldByOther(0) {
		return nil, errViewTwice()
	}
	return []domain.Event{ViewCreated{
		ID: env.NextID(domain.SequenceView), View: c.view, Privilege: env.NextID(domain.SequencePrivilege),
	}}, nil
}

// UpdateView changes a view's name or ACL; records stay in it.
type UpdateView struct {
	id      int64
	view    ViewData
	ifMatch *domain.Position
}

// NewUpdateView checks the form of a change.
func NewUpdateView(id int64, in ViewInput, ifMatch *domain.Position) (UpdateView, error) {
	if err := checkID("View", id); err != nil {
		return UpdateView{}, err
	}
	view, err := in.parse()
	return UpdateView{id: id, view: view, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command].
func (c UpdateView) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	name := viewNamed(c.view.Name)
	_, view, err := loadView(h, env, c.id, access.OperationUpdate, c.ifMatch, name)
	if err != nil || view.data == c.view {
		return nil, err
	}
	if name.HeldByOther(c.id) {
		return nil, errViewTwice()
	}
	return []domain.Event{ViewUpdated{ID: c.id, Before: view.data, After: c.view}}, nil
}

// DeleteView removes a view that no zone is linked to.
type DeleteView struct {
	id      int64
	ifMatch *domain.Position
}

// NewDeleteView returns the command; ids start at 1.
func NewDeleteView(id int64, ifMatch *domain.Position) (DeleteView, error) {
	return DeleteView{id: id, ifMatch: ifMatch}, checkID("View", id)
}

// Decide implements [domain.Command].
func (c DeleteView) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	use := newViewUse(c.id)
	actor, view, err := loadView(h, env, c.id, access.OperationDelete, c.ifMatch, use)
	if err != nil {
		return nil, err
	}
	if len(use.zones) > 0 {
		names, err := use.names(h, actor)
		if err != nil {
			return nil, err
		}
		return nil, domain.Refused("当前View还与Zone有关联，请先解除关联，再进行删除操作！\n['%s']", strings.Join(names, "', '"))
	}
	return []domain.Event{ViewDeleted{ID: c.id, View: view.data, Privilege: view.privilege}}, nil
}

func errViewTwice() error {
	return domain.Refused("重复的View，相同的名字的View已存在！").Blame("name")
}

// loadView returns the actor and the view if it exists, the actor may do the operation
// and the client's version is the current one. It loads more folds on the way.
func loadView(
	h domain.History, env domain.Env, id int64, o access.Operation, ifMatch *domain.Position, more ...domain.Fold,
) (*access.Actor, *viewFold, error) {
	actor, view := access.NewActor(env.Actor), newViewFold(id)
	if err := h.Load(append(more, actor, view)...); err != nil {
		return nil, nil, err
	}
	if !view.exists {
		return nil, nil, notFound("View", id)
	}
	if err := access.Authorize(h, actor, access.On(view.target(), o)); err != nil {
		return nil, nil, err
	}
	return actor, view, domain.CheckVersion(ifMatch, view.changed)
}

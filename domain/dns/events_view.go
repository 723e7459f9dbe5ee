package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// ViewData is what a client may say about a view.
type ViewData struct {
	Name string `json:"name"`
	// ACL holds the address match list as the client wrote it, see [ParseACL].
	ACL string `json:"acl"`
}

// ViewCreated says that a view exists, or exists again. Views are matched in id order.
type ViewCreated struct {
	unkeyed
	ID   int64    `json:"id"`
	View ViewData `json:"view"`
	// Privilege is the first of the three ids of the view's privileges: ACCESS, UPDATE, DELETE.
	Privilege int64 `json:"privilege"`
	// Birth is that of a view which comes back, nil for a new one.
	Birth *Birth `json:"birth,omitempty"`
}

// ViewUpdated says that a view's name or ACL changed; its records stay.
type ViewUpdated struct {
	unkeyed
	ID     int64    `json:"id"`
	Before ViewData `json:"before"`
	After  ViewData `json:"after"`
}

// ViewDeleted says that a view, which no zone used, is gone.
type ViewDeleted struct {
	unkeyed
	ID        int64    `json:"id"`
	View      ViewData `json:"view"`
	Privilege int64    `json:"privilege"`
}

// EventType implements [domain.Event].
func (ViewCreated) EventType() string { return "ViewCreated" }
func (ViewUpdated) EventType() string { return "ViewUpdated" }
func (ViewDeleted) EventType() string { return "ViewDeleted" }

// Tags implements [domain.Event].
func (e ViewCreated) Tags() []domain.Tag {
	return []domain.Tag{TagView(e.ID), TagViewName(e.View.Name), access.TagPrivilege(e.Privilege)}
}
func (e ViewUpdated) Tags() []domain.Tag {
	return domain.JoinTags(TagView(e.ID), TagViewName(e.Before.Name), TagViewName(e.After.Name))
}
func (e ViewDeleted) Tags() []domain.Tag {
	return []domain.Tag{TagView(e.ID), TagViewName(e.View.Name), access.TagPrivilege(e.Privilege)}
}

// ActorTags implements [domain.ByActor].
func (e ViewCreated) ActorTags(actor domain.UserID) []domain.Tag { return e.Birth.tagsOfCreator(actor) }

// Begun implements [access.ResourceBegun].
func (e ViewCreated) Begun() access.Target {
	return access.Target{Kind: access.KindView, ID: e.ID, Privilege: e.Privilege}
}

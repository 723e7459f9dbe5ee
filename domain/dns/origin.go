package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// origin is what a resource has from its creation and keeps for life. Together
// with the resource's name it decides who may do what to the resource.
type origin struct {
	created   domain.Position
	creator   domain.UserID
	privilege int64
}

func originOf(r domain.Recorded, privilege int64, birth *Birth) origin {
	if birth != nil {
		return origin{created: birth.Created, creator: birth.Creator, privilege: privilege}
	}
	return origin{created: r.Position, creator: r.Actor, privilege: privilege}
}

// Birth is when, and by whom, a resource that comes back was created first. Rights follow from
// these: who brings it back does not become its creator.
type Birth struct {
	Created domain.Position `json:"created"`
	Creator domain.UserID   `json:"creator"`
}

func (o origin) birth() *Birth { return &Birth{Created: o.created, Creator: o.creator} }

// tagsOfCreator are those of who creates a resource. One that comes back has them from its first
// creation.
func (b *Birth) tagsOfCreator(actor domain.UserID) []domain.Tag {
	if b != nil {
		return nil
	}
	return access.TagsOfCreator(actor)
}

func (o origin) target(kind access.Kind, id int64, name string) access.Target {
	return access.Target{Kind: kind, ID: id, Name: name, Privilege: o.privilege, Created: o.created, Creator: o.creator}
}

func (f *serverFold) target() access.Target {
	return f.origin.target(access.KindServer, f.id, f.data.Host)
}

func (f *viewFold) target() access.Target { return f.origin.target(access.KindView, f.id, f.data.Name) }

func (f *zoneFold) target() access.Target { return f.origin.target(access.KindZone, f.id, f.data.Name) }

// target describes a record to the rules about rights. A record has no privileges
// of its own but those made by hand, and its creator has no rights on it.
func (f *recordFold) target() access.Target {
	return access.Target{Kind: access.KindRecord, ID: f.id, Name: f.data.Host}
}

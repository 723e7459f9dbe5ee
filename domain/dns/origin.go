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

func originOf(r domain.Recorded, privilege int64) origin {
	return origin{created: r.Position, creator: r.Actor, privilege: privilege}
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

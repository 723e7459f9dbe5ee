package feed

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/protocol"
)

// nobody is no user's id, and not [domain.System]'s.
const nobody domain.UserID = -1

// Seen is an event that a user sees.
type Seen struct {
	protocol.Envelope
	Event domain.Event
	// OnRecord says that the event is on one record.
	OnRecord bool
	// Username is what the actor is called, nil for one that the log does not know.
	Username *string
	// Allowed says that the user would see the event if it were another's.
	Allowed bool
	// Within says that all of the event lies within the bounds of the user's credential.
	Within bool
}

// Seen returns those events of a part of a selection that a user sees, and how far it came, as
// [eventstore.Store.Select] does. Those that lie outside of the bounds of a credential are there,
// too: what they led to may lie within.
func (f *Feed) Seen(ctx context.Context, who *identity.User, of eventstore.Selection) (seen []Seen, reached domain.Position, err error) {
	var events []*event
	err = f.fromLog(ctx, func() (err error) {
		if events, reached, err = f.selected(ctx, of); err != nil {
			return err
		}
		return f.see(ctx, events)
	})
	if err != nil {
		return nil, 0, err
	}
	for _, e := range events {
		s := e.sight.Load()
		if !who.Sees(s.entry) {
			continue
		}
		one := Seen{Envelope: e.Envelope, Event: e.decoded, OnRecord: e.subject.kind == kindRecord, Within: isWithin(who.Credential, s, e.decoded)}
		another := s.entry
		another.Actor = nobody
		one.Allowed = who.Sees(another)
		if one.Username, err = f.names.user(ctx, e.Actor); err != nil {
			return nil, 0, err
		}
		seen = append(seen, one)
	}
	return seen, reached, nil
}

func isWithin(c *access.Credential, s *sight, e domain.Event) bool {
	if c == nil {
		return true
	}
	_, shown := dns.Shown(&c.CredentialState, s.zone, e)
	return shown
}

package feed

import (
	"context"
	"strconv"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/protocol"
)

// Examined is an event of the log, and whether somebody sees it.
type Examined struct {
	domain.Recorded
	// Resource is what the event is on, as [ParseResource] reads it, empty for what nobody knows.
	Resource string
	// Visible says that the user sees the event, and all of it.
	Visible bool
}

// See says of events whether a user sees them now. The read models must have all of them.
func (f *Feed) See(ctx context.Context, who *identity.User, list []protocol.Envelope) ([]Examined, error) {
	events := wrap(list)
	if err := f.fromLog(ctx, func() error { return f.see(ctx, events) }); err != nil {
		return nil, err
	}
	seen := make([]Examined, len(events))
	for i, e := range events {
		s := e.sight.Load()
		seen[i] = Examined{
			Recorded: e.Recorded(e.decoded), Resource: e.subject.text(),
			Visible: who.Sees(s.entry) && isWithin(who.Credential, s, e.decoded),
		}
	}
	return seen, nil
}

// SeesZone says whether a user sees the events on a zone, there or gone.
func (f *Feed) SeesZone(ctx context.Context, who *identity.User, zone int64) (bool, error) {
	known, err := rights.Know(ctx, f.pool, nil, []int64{zone}, nil)
	z, there := known.Zones[zone]
	if err != nil || !there {
		return false, err
	}
	entry := access.Entry{Target: &z.Target, Deleted: z.Gone(), Zone: z.Target, ZoneDeleted: z.Gone()}
	return who.Sees(entry) && (who.Credential == nil || who.Credential.Restrict.CoversZone(z.Name)), nil
}

// text is the subject as [ParseResource] reads it.
func (s subject) text() string {
	switch {
	case s.ref != "":
		return s.kind + ":" + s.ref
	case s.id != 0:
		return s.kind + ":" + strconv.FormatInt(s.id, 10)
	default:
		return s.kind
	}
}

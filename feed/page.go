package feed

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// pageTime is how long the log is looked through for one page.
const pageTime = time.Second

// Page returns the events of a selection that a user sees, its Limit at most, and where the
// rest begins, nil if there is none: [eventstore.Selection.Rest] of that position. A page may
// have fewer events than there are, none even: its work is bounded. The read models must have
// all of the selection.
func (f *Feed) Page(ctx context.Context, who *identity.User, of eventstore.Selection) (all []Shown, next *domain.Position, err error) {
	most, end := of.Limit, time.Now().Add(pageTime)
	all = make([]Shown, 0, most)
	for more := of.After < of.UpTo; more; {
		of.Limit = max(most-len(all)+1, portion)
		list, reached, err := f.store.Select(ctx, of)
		if err != nil {
			return nil, nil, err
		}
		events := wrap(list)
		if err := f.look(ctx, events); err != nil {
			return nil, nil, err
		}
		shown, err := f.show(ctx, who, events)
		if err != nil {
			return nil, nil, err
		}
		if room := most - len(all); len(shown) > room {
			all = append(all, shown[:room]...)
			return all, new(beginning(of, all[most-1].Position)), nil
		}
		all = append(all, shown...)
		if of, more = of.Rest(reached); more && time.Now().After(end) {
			return all, &reached, nil
		}
	}
	return all, nil, nil
}

// beginning is where the rest begins behind an event.
func beginning(of eventstore.Selection, last domain.Position) domain.Position {
	if of.Newest {
		return last - 1
	}
	return last
}

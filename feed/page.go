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
// have fewer events than there are, none even: its work is bounded, and so is its size. The read models must have
// all of the selection.
func (f *Feed) Page(ctx context.Context, who *identity.User, of eventstore.Selection) (all []Shown, next *domain.Position, err error) {
	most, end := of.Limit, time.Now().Add(pageTime)
	all, of.Bytes = make([]Shown, 0, most), pageBytes
	size, limit := 0, portion
	for more := of.After < of.UpTo; more; {
		of.Limit = min(limit, max(most-len(all)+1, portion))
		var events []*event
		var reached domain.Position
		err := f.fromLog(ctx, func() (err error) {
			if events, reached, err = f.selected(ctx, of); err != nil {
				return err
			}
			return f.see(ctx, events)
		})
		if err != nil {
			return nil, nil, err
		}
		limit = nextLimit(of, events)
		shown, err := f.show(ctx, who, events)
		if err != nil {
			return nil, nil, err
		}
		if room := most - len(all); len(shown) > room {
			all = append(all, shown[:room]...)
			return all, new(beginning(of, all[most-1].Position)), nil
		}
		all = append(all, shown...)
		for i := range shown {
			size += len(shown[i].JSON)
		}
		if of, more = of.Rest(reached); more && (size >= pageBytes || time.Now().After(end)) {
			return all, &reached, nil
		}
	}
	return all, nil, nil
}

// selected reads some events of a selection from the log.
func (f *Feed) selected(ctx context.Context, of eventstore.Selection) (events []*event, reached domain.Position, err error) {
	list, reached, err := f.store.Select(ctx, of)
	return wrap(list), reached, err
}

// nextLimit is how many events are asked for after those that a selection gave: about as many
// as its bytes let through, since PostgreSQL sends the others for nothing.
func nextLimit(of eventstore.Selection, got []*event) int {
	size := 0
	for _, e := range got {
		size += len(e.Data)
	}
	if size > of.Bytes/2 {
		return 2 * len(got)
	}
	return min(2*of.Limit, page)
}

// beginning is where the rest begins behind an event.
func beginning(of eventstore.Selection, last domain.Position) domain.Position {
	if of.Newest {
		return last - 1
	}
	return last
}

package api

import (
	"context"
	"sync"

	"github.com/opsledger/opsledger/domain"
)

// PlaceLimits says how many places there are.
type PlaceLimits struct {
	// What they are for, in the plural; a refusal says so.
	What string
	// Most is how many there are, Each how many of them one user may have.
	Most, Each int
	// Line is how many more requests of one user wait while that user has all of Each, or
	// while none of Most is free. With 0 nobody waits: the request is refused.
	Line int
}

// Places bounds how many requests are in work at once. A nil one bounds nothing.
//
// Invariants:
//  1. At most Most requests have a place, and at most Each of them are of one user.
//  2. Since Each is less than Most, one user alone cannot keep others out: requests that
//     have to wait for the same user's others do not stand in the line of all.
//  3. At most Each+Line requests of one user have a place or wait for one; the next is
//     refused with a [TooManyError].
type Places struct {
	limits PlaceLimits
	// all has an element for each place that is taken.
	all chan struct{}

	mu    sync.Mutex
	users map[domain.UserID]*userPlaces
}

// userPlaces are one user's; they are forgotten with the user's last request.
type userPlaces struct {
	// taken has an element for each request that has one of the user's places.
	taken chan struct{}
	// requests have a place or wait for one.
	requests int
}

// NewPlaces returns places that are all free.
func NewPlaces(limits PlaceLimits) *Places {
	return &Places{limits: limits, all: make(chan struct{}, limits.Most), users: map[domain.UserID]*userPlaces{}}
}

// TooManyError says that a user has as many requests of a kind in work as one user may.
type TooManyError struct{ limits PlaceLimits }

func (e *TooManyError) Error() string { return e.Words().String() }

// Words says it to the user.
func (e *TooManyError) Words() domain.Text {
	return domain.Text{
		Format: "too many %s: one user may have %d at once, try again when one of yours has ended",
		Args:   []any{domain.Phrase(e.limits.What), e.limits.Each + e.limits.Line},
	}
}

// noPlaceError says that all places are taken. It is answered like an [Unavailable].
type noPlaceError struct{ what string }

func (e noPlaceError) Error() string { return e.Words().String() }

// Words says it to the user.
func (e noPlaceError) Words() domain.Text {
	return domain.Text{Format: "too many %s, try again", Args: []any{domain.Phrase(e.what)}}
}

// Take takes a place for a request of the user; leave gives it up. The error is a
// [TooManyError], a noPlaceError where nobody waits and others have all places, or ctx's.
func (p *Places) Take(ctx context.Context, user domain.UserID) (leave func(), err error) {
	if p == nil {
		return func() {}, nil
	}
	mine, err := p.join(user)
	if err != nil {
		return nil, err
	}
	if err := p.await(ctx, mine.taken); err != nil {
		p.part(user, mine)
		return nil, err
	}
	if err := p.await(ctx, p.all); err != nil {
		<-mine.taken
		p.part(user, mine)
		return nil, err
	}
	return func() {
		<-p.all
		<-mine.taken
		p.part(user, mine)
	}, nil
}

func (p *Places) join(user domain.UserID) (*userPlaces, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := p.users[user]
	if mine == nil {
		mine = &userPlaces{taken: make(chan struct{}, p.limits.Each)}
		p.users[user] = mine
	}
	if mine.requests == p.limits.Each+p.limits.Line {
		return nil, &TooManyError{p.limits}
	}
	mine.requests++
	return mine, nil
}

func (p *Places) part(user domain.UserID, mine *userPlaces) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if mine.requests--; mine.requests == 0 {
		delete(p.users, user)
	}
}

// await puts an element into the channel, once there is room.
func (p *Places) await(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	default:
	}
	if p.limits.Line == 0 {
		return noPlaceError{p.limits.What}
	}
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

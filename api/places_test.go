package api

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/opsledger/opsledger/domain"
)

// refusedForMany takes a place in vain, since the user has too many.
func refusedForMany(t *testing.T, p *Places, user domain.UserID) {
	t.Helper()
	if _, err := p.Take(t.Context(), user); !errors.As(err, new(*TooManyError)) {
		t.Errorf("user %d: %v", user, err)
	}
}

func taken(t *testing.T, p *Places, user domain.UserID) (leave func()) {
	t.Helper()
	leave, err := p.Take(t.Context(), user)
	must(t, err)
	return leave
}

// waiter waits for a place in vain, until gone is called.
func waiter(t *testing.T, p *Places, user domain.UserID) (gone func()) {
	t.Helper()
	p.mu.Lock()
	before := 0
	if mine := p.users[user]; mine != nil {
		before = mine.requests
	}
	p.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if _, err := p.Take(ctx, user); !errors.Is(err, context.Canceled) {
			t.Errorf("user %d: %v", user, err)
		}
	})
	for joined := false; !joined; {
		p.mu.Lock()
		joined = p.users[user] != nil && p.users[user].requests > before
		p.mu.Unlock()
	}
	return func() { cancel(); waiting.Wait() }
}

// One user has their part of the places and no more, and nobody else's; whoever leaves
// makes room.
func TestOneUserHasAPartOfThePlaces(t *testing.T) {
	t.Parallel()
	p := NewPlaces(PlaceLimits{What: "things", Most: 3, Each: 2})
	first := taken(t, p, 1)
	taken(t, p, 1)
	refusedForMany(t, p, 1)
	taken(t, p, 2)
	if _, err := p.Take(t.Context(), 2); !errors.As(err, new(noPlaceError)) {
		t.Errorf("with all places taken: %v", err)
	}
	first()
	taken(t, p, 2)
	refusedForMany(t, p, 2)
}

// A user's requests wait behind their own, so that another user's goes first; only so many
// wait, and who gives up is out of the line.
func TestWhoWaitsForOneselfKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	p := NewPlaces(PlaceLimits{What: "batches", Most: 2, Each: 1, Line: 2})
	leave := taken(t, p, 1)
	gone, goneToo := waiter(t, p, 1), waiter(t, p, 1)
	refusedForMany(t, p, 1)
	taken(t, p, 2)() // beside two that wait
	gone()
	last := waiter(t, p, 1)
	goneToo()
	last()
	leave()
	taken(t, p, 1)()
	if len(p.users) > 0 || len(p.all) > 0 {
		t.Errorf("%d users and %d places are left", len(p.users), len(p.all))
	}
}

// Whoever waits gets the place that is given up.
func TestAPlaceIsHandedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(PlaceLimits{What: "batches", Most: 2, Each: 1, Line: 1})
		leave := taken(t, p, 1)
		waited := make(chan error)
		go func() {
			_, err := p.Take(t.Context(), 1)
			waited <- err
		}()
		synctest.Wait() // until it waits
		leave()
		must(t, <-waited)
	})
}

// A request that gives up waiting for a place of all makes room for the next of its user's;
// without places there is no bound.
func TestWhoGivesUpKeepsNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(PlaceLimits{What: "batches", Most: 2, Each: 1, Line: 1})
		leave := taken(t, p, 1)
		taken(t, p, 2)
		gone := waiter(t, p, 3)
		synctest.Wait() // until it waits for one of all
		next := make(chan error, 1)
		go func() {
			_, err := p.Take(t.Context(), 3)
			next <- err
		}()
		synctest.Wait() // until it waits for the user's own
		gone()
		leave()
		must(t, <-next)
	})
	if leave, err := (*Places)(nil).Take(t.Context(), 1); err != nil {
		t.Error(err)
	} else {
		leave()
	}
}

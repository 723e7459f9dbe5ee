package identity

import (
	"context"
	"fmt"
	"sync"
)

// purpose is what a password hash is computed for.
type purpose int

// The purposes. Registrations are those of users whom nobody knows yet, be it by
// themselves; other new passwords are those of known users.
const (
	forPassword purpose = iota
	forLogin
	forRegistration
	purposes
)

// Bounds on who waits in line: in all of one purpose (200 of all), and of one address.
const (
	maxInLane        = 200 / int(purposes)
	maxInLaneOfPlace = 64
)

// hashLine lets those who need a hash computed in, a few at a time.
//
// Invariants:
//  1. At most so many are in as there were places, and while one is free nobody waits.
//  2. The purposes take turns, and within a purpose the addresses: whoever sends many
//     logins or registrations waits behind their own, and others are let in between them.
//  3. So many wait for a purpose, and of one address, and no more.
//  4. Whoever gives up gives nobody's turn away.
type hashLine struct {
	mu    sync.Mutex
	free  int
	lanes [purposes]lane
	// last is the purpose that had the last turn.
	last purpose
}

// lane holds those who wait for one purpose.
type lane struct {
	waiting int
	// places are the addresses in the order of their turns, and their waiters.
	places  []string
	waiters map[string][]chan struct{}
}

func newHashLine(places int) *hashLine {
	l := &hashLine{free: places}
	for i := range l.lanes {
		l.lanes[i].waiters = map[string][]chan struct{}{}
	}
	return l
}

// standing is where somebody stands in line.
type standing struct {
	purpose purpose
	place   string
}

// standingKey is where a context has the standing of what is done in it.
type standingKey struct{}

// standIn returns a context in which hashes are computed for the purpose, and for whom is at
// the place.
func standIn(ctx context.Context, p purpose, place string) context.Context {
	return context.WithValue(ctx, standingKey{}, standing{p, place})
}

// enter waits for a turn; leave ends it.
func (l *hashLine) enter(ctx context.Context) (leave func(), err error) {
	s, _ := ctx.Value(standingKey{}).(standing)
	turn, err := l.join(s)
	if err != nil {
		return nil, err
	}
	select {
	case <-turn:
		return l.leave, nil
	case <-ctx.Done():
		l.giveUp(s, turn)
		return nil, fmt.Errorf("wait for a password hash: %w", ctx.Err())
	}
}

// join returns what closes when the turn has come.
func (l *hashLine) join(s standing) (turn chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	turn = make(chan struct{})
	if l.free > 0 {
		l.free--
		close(turn)
		return turn, nil
	}
	lane := &l.lanes[s.purpose]
	waiters := lane.waiters[s.place]
	if lane.waiting == maxInLane || len(waiters) == maxInLaneOfPlace {
		return nil, fmt.Errorf("%w: %w", ErrBusy, context.DeadlineExceeded)
	}
	if len(waiters) == 0 {
		lane.places = append(lane.places, s.place)
	}
	lane.waiters[s.place] = append(waiters, turn)
	lane.waiting++
	return turn, nil
}

// leave hands a turn on.
func (l *hashLine) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range purposes {
		p := (l.last + 1 + i) % purposes
		if turn := l.lanes[p].next(); turn != nil {
			l.last = p
			close(turn)
			return
		}
	}
	l.free++
}

// next takes whose turn it is out of the lane, nil if nobody waits.
func (l *lane) next() chan struct{} {
	if l.waiting == 0 {
		return nil
	}
	place := l.places[0]
	l.places = l.places[1:]
	waiters := l.waiters[place]
	turn := waiters[0]
	if l.waiters[place] = waiters[1:]; len(waiters) > 1 {
		l.places = append(l.places, place)
	} else {
		delete(l.waiters, place)
	}
	l.waiting--
	return turn
}

// giveUp takes a waiter out of the line, or hands the turn on that has come meanwhile.
func (l *hashLine) giveUp(s standing, turn chan struct{}) {
	l.mu.Lock()
	left := l.lanes[s.purpose].remove(s.place, turn)
	l.mu.Unlock()
	if !left {
		l.leave()
	}
}

// remove says whether the waiter was still in the lane.
func (l *lane) remove(place string, turn chan struct{}) bool {
	waiters := l.waiters[place]
	for i, w := range waiters {
		if w != turn {
			continue
		}
		l.waiting--
		if len(waiters) > 1 {
			l.waiters[place] = append(waiters[:i:i], waiters[i+1:]...)
			return true
		}
		delete(l.waiters, place)
		for j, p := range l.places {
			if p == place {
				l.places = append(l.places[:j:j], l.places[j+1:]...)
			}
		}
		return true
	}
	return false
}

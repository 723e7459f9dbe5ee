package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
)

// floods has so many wait for each purpose, at each place, and returns the order of turns.
func floods(t *testing.T, l *hashLine, first func(), each map[purpose]map[string]int) (order []standing) {
	t.Helper()
	turns := make(chan standing)
	for p := range purposes {
		for place, n := range each[p] {
			for range n {
				go func() {
					leave, err := l.enter(standIn(t.Context(), p, place))
					if err != nil {
						t.Error(err)
						return
					}
					turns <- standing{p, place}
					leave()
				}()
			}
		}
	}
	synctest.Wait() // all wait in line
	first()
	for range each[forPassword]["x"] + each[forLogin]["bot"] + each[forLogin]["alice"] + each[forRegistration]["bot"] {
		order = append(order, <-turns)
	}
	synctest.Wait()
	return order
}

// A login comes soon beside any number of registrations, and of logins from elsewhere; so
// does a known user's new password.
func TestAFloodOfHashesKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newHashLine(1)
		first, err := l.enter(standIn(t.Context(), forRegistration, "bot"))
		must(t, err)
		order := floods(t, l, first, map[purpose]map[string]int{
			forRegistration: {"bot": 60}, forLogin: {"bot": 60, "alice": 1}, forPassword: {"x": 1},
		})
		for who, most := range map[standing]int{{forLogin, "alice"}: 6, {forPassword, "x"}: 3, {forLogin, "bot"}: 6, {forRegistration, "bot"}: 3} {
			if at := slices.Index(order, who); at < 0 || at >= most {
				t.Errorf("%+v had turn %d, want one of the first %d", who, at, most)
			}
		}
		if l.free != 1 || l.lanes[forLogin].waiting != 0 || len(l.lanes[forLogin].waiters) != 0 || len(l.lanes[forLogin].places) != 0 {
			t.Errorf("left behind: %+v", l)
		}
	})
}

// So many wait, of a place and for a purpose; another purpose and place has room. Who gives
// up is out of line, and a turn that came too late is handed on.
func TestTheHashLineIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newHashLine(2)
		var leaves []func()
		for range 2 {
			leave, err := l.enter(t.Context())
			must(t, err)
			leaves = append(leaves, leave)
		}
		ctx, cancel := context.WithCancel(t.Context())
		refused := make(chan error, 2*maxInLane)
		for i := range maxInLane + 10 {
			go func() {
				_, err := l.enter(standIn(ctx, forLogin, fmt.Sprint(i/maxInLaneOfPlace)))
				refused <- err
			}()
		}
		for range maxInLaneOfPlace + 5 {
			go func() {
				_, err := l.enter(standIn(ctx, forRegistration, "bot"))
				refused <- err
			}()
		}
		synctest.Wait()
		if n := len(refused); n != 15 {
			t.Errorf("%d are refused, want 15", n)
		}
		for len(refused) > 0 {
			if err := <-refused; !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		cancel()
		synctest.Wait()
		if n := len(refused); n != maxInLane+maxInLaneOfPlace {
			t.Errorf("%d gave up", n)
		}
		for _, leave := range leaves {
			leave()
		}
		turn, err := l.join(standing{})
		must(t, err)
		l.giveUp(standing{}, turn) // which had come
		if l.free != 2 || l.lanes[forLogin].waiting+l.lanes[forRegistration].waiting != 0 {
			t.Errorf("left behind: %+v", l)
		}
	})
}

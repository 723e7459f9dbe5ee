package identity

import (
	"net/netip"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/network"
)

// loginThrottle slows down who guesses passwords: by the name that is tried and
// by the address that tries.
//
// Invariants:
//  1. A success counts against nobody; a failure counts against both.
//  2. Names are limited alike whether a user has them or not.
//  3. Failures from elsewhere do not shut a user out of where they last logged
//     in: there the name has a limit of its own.
//  4. What the log takes of failures and registrations is bounded by address, and
//     by all together: whoever has many addresses does not fill it either.
type loginThrottle struct {
	names, addresses *throttle
	// homes are the pairs of name and address that logged in lately.
	homes *throttle
	// failures bounds the failed logins that go on record, registrations the users
	// that register.
	failures, registrations *growth
}

func newLoginThrottle(now func() time.Time) *loginThrottle {
	t := &loginThrottle{
		names:         newThrottle(failuresPerName, nameRecovers, now),
		addresses:     newThrottle(failuresPerAddress, addressRecovers, now),
		homes:         newThrottle(1, 30*24*time.Hour, now),
		failures:      newGrowth(now),
		registrations: newGrowth(now),
	}
	t.homes.recency = true
	return t
}

// try is one login under way. Exactly one of its methods ends it.
type try struct {
	throttle            *loginThrottle
	name, address, home throttleKey
}

// begin returns a try, or a [ThrottledError].
func (t *loginThrottle) begin(name string, address netip.Addr) (try, error) {
	name = strings.ToLower(name)
	from := network.Of(address)
	a := try{throttle: t, name: throttleKeyOf(name), address: throttleKeyOf(from), home: throttleKeyOf(name, from)}
	if t.homes.knows(a.home) {
		a.name = a.home
	}
	if wait := t.addresses.take(a.address); wait > 0 {
		return a, &ThrottledError{wait, "登录失败次数过多"}
	}
	if wait := t.names.take(a.name); wait > 0 {
		t.addresses.giveBack(a.address)
		return a, &ThrottledError{wait, "登录失败次数过多"}
	}
	return a, nil
}

// succeeded ends a try with the right password.
func (t try) succeeded() {
	t.throttle.names.forget(t.name)
	t.throttle.addresses.giveBack(t.address)
	t.throttle.homes.take(t.home)
}

// failed ends a try with a wrong name or password.
func (t try) failed() {}

// undecided ends a try of which nobody can tell whether it was right.
func (t try) undecided() {
	t.throttle.names.giveBack(t.name)
	t.throttle.addresses.giveBack(t.address)
}

// How much strangers may add to the log, and how fast they may add more.
const (
	growthPerAddress = 100
	addressAdds      = 30 * time.Second
	growthOfAll      = 1000
	allAdd           = 5 * time.Second
)

// growth bounds what strangers add to the log.
type growth struct{ addresses, all *throttle }

func newGrowth(now func() time.Time) *growth {
	return &growth{newThrottle(growthPerAddress, addressAdds, now), newThrottle(growthOfAll, allAdd, now)}
}

// take lets an address add one thing. Otherwise it returns how long to wait for the next.
func (g *growth) take(address netip.Addr) (wait time.Duration) {
	key := throttleKeyOf(network.Of(address))
	if wait := g.addresses.take(key); wait > 0 {
		return wait
	}
	if wait = g.all.take(throttleKey{}); wait > 0 {
		g.addresses.giveBack(key)
	}
	return wait
}

// AdmitRegistration returns a [ThrottledError] to an address from which too many
// have registered.
func (s *Service) AdmitRegistration(address netip.Addr) error {
	if wait := s.logins.registrations.take(address); wait > 0 {
		return &ThrottledError{wait, "注册次数过多"}
	}
	return nil
}

// ThrottledError says that somebody must wait.
type ThrottledError struct {
	wait  time.Duration
	cause string
}

// Throttled returns the error for whoever has done too much of something.
func Throttled(cause string, wait time.Duration) *ThrottledError { return &ThrottledError{wait, cause} }

// Seconds is the wait in whole seconds, at least one.
func (e *ThrottledError) Seconds() int { return int((e.wait + time.Second - 1) / time.Second) }

func (e *ThrottledError) Error() string {
	return e.Words().String()
}

// Words says it to the client.
func (e *ThrottledError) Words() domain.Text {
	return domain.Text{Format: "%s，请%d秒后重试！", Args: []any{domain.Phrase(e.cause), e.Seconds()}}
}

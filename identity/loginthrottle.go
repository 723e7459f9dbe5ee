package identity

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// loginThrottle slows down who guesses passwords: by the name that is tried and
// by the address that tries.
//
// Invariants:
//  1. A success counts against nobody; a failure counts against both.
//  2. Names are limited alike whether a user has them or not.
//  3. Failures from elsewhere do not shut a user out of where they last logged
//     in: there the name has a limit of its own.
type loginThrottle struct {
	names, addresses *throttle
	// homes are the pairs of name and address that logged in lately.
	homes *throttle
}

func newLoginThrottle(now func() time.Time) *loginThrottle {
	return &loginThrottle{
		names:     newThrottle(failuresPerName, nameRecovers, now),
		addresses: newThrottle(failuresPerAddress, addressRecovers, now),
		homes:     newThrottle(1, 30*24*time.Hour, now),
	}
}

// try is one login under way. Exactly one of its methods ends it.
type try struct {
	throttle            *loginThrottle
	name, address, home throttleKey
}

// begin returns a try, or a [ThrottledError].
func (t *loginThrottle) begin(name string, address netip.Addr) (try, error) {
	name = strings.ToLower(name)
	network := networkOf(address)
	a := try{throttle: t, name: throttleKeyOf(name), address: throttleKeyOf(network), home: throttleKeyOf(name, network)}
	if t.homes.knows(a.home) {
		a.name = a.home
	}
	if wait := t.addresses.take(a.address); wait > 0 {
		return a, &ThrottledError{wait}
	}
	if wait := t.names.take(a.name); wait > 0 {
		t.addresses.giveBack(a.address)
		return a, &ThrottledError{wait}
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

// networkOf is what counts as one address: a client has a whole IPv6 /64.
func networkOf(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		prefix, err := address.Prefix(64)
		if err == nil {
			return prefix.String()
		}
	}
	return address.String()
}

// ThrottledError says that somebody must wait.
type ThrottledError struct{ wait time.Duration }

// Seconds is the wait in whole seconds, at least one.
func (e *ThrottledError) Seconds() int { return int((e.wait + time.Second - 1) / time.Second) }

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("登录失败次数过多，请%d秒后重试！", e.Seconds())
}

package api

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

func newLoginThrottle() *loginThrottle {
	return &loginThrottle{
		names:     newThrottle(failuresPerName, nameRecovers),
		addresses: newThrottle(failuresPerAddress, addressRecovers),
		homes:     newThrottle(1, 30*24*time.Hour),
	}
}

// attempt is one login under way. Exactly one of its methods ends it.
type attempt struct {
	throttle            *loginThrottle
	name, address, home throttleKey
}

// begin returns an attempt, or a [throttledError].
func (t *loginThrottle) begin(name string, address netip.Addr) (attempt, error) {
	name = strings.ToLower(name)
	network := networkOf(address)
	a := attempt{throttle: t, name: throttleKeyOf(name), address: throttleKeyOf(network), home: throttleKeyOf(name, network)}
	if t.homes.knows(a.home) {
		a.name = a.home
	}
	if wait := t.addresses.take(a.address); wait > 0 {
		return a, &throttledError{wait}
	}
	if wait := t.names.take(a.name); wait > 0 {
		t.addresses.giveBack(a.address)
		return a, &throttledError{wait}
	}
	return a, nil
}

// succeeded ends an attempt with the right password.
func (a attempt) succeeded() {
	a.throttle.names.forget(a.name)
	a.throttle.addresses.giveBack(a.address)
	a.throttle.homes.take(a.home)
}

// failed ends an attempt with a wrong name or password.
func (a attempt) failed() {}

// undecided ends an attempt of which nobody can tell whether it was right.
func (a attempt) undecided() {
	a.throttle.names.giveBack(a.name)
	a.throttle.addresses.giveBack(a.address)
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

// throttledError says that somebody must wait; it is answered with 429.
type throttledError struct{ wait time.Duration }

// seconds is the wait in whole seconds, at least one.
func (e *throttledError) seconds() int { return int((e.wait + time.Second - 1) / time.Second) }

func (e *throttledError) Error() string {
	return fmt.Sprintf("登录失败次数过多，请%d秒后重试！", e.seconds())
}

package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	now := time.Now()
	throttle := newThrottle(2, 10*time.Second, func() time.Time { return now })
	a, b := throttleKeyOf("a"), throttleKeyOf("b")
	take := func(key throttleKey, want time.Duration) {
		t.Helper()
		if wait := throttle.take(key); (wait - want).Abs() > time.Millisecond {
			t.Errorf("wait %v, want %v", wait, want)
		}
	}
	take(a, 0)
	take(a, 0)
	take(a, 10*time.Second)
	take(b, 0)
	now = now.Add(4 * time.Second)
	take(a, 6*time.Second)
	now = now.Add(6 * time.Second)
	take(a, 0)
	take(a, 10*time.Second)
	throttle.giveBack(a)
	take(a, 0)
	throttle.forget(a)
	take(a, 0)
	take(a, 0)
	take(a, 10*time.Second)
	for range 3 {
		throttle.giveBack(b) // no more than there ever was
	}
	now = now.Add(time.Hour)
	take(b, 0)
	take(b, 0)
	take(b, 10*time.Second)

	throttle.most = 3
	for i := range 10 {
		throttle.take(throttleKeyOf(strconv.Itoa(i), strings.Repeat("x", 1000)))
	}
	if len(throttle.known) != 3 || throttle.recent.Len() != 3 {
		t.Errorf("%d keys are remembered", len(throttle.known))
	}
	if throttleKeyOf("ab", "c") == throttleKeyOf("a", "bc") {
		t.Error("parts shift into each other")
	}
}

func TestLoginThrottle(t *testing.T) {
	t.Parallel()
	l := newLoginThrottle(time.Now)
	home, foe := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	begin := func(name string, from netip.Addr, want bool) try {
		t.Helper()
		try, err := l.begin(name, from)
		if (err == nil) != want {
			t.Errorf("%s from %v: %v", name, from, err)
		}
		return try
	}
	for range 2 * failuresPerName { // successes count against nobody
		begin("alice", home, true).succeeded()
		begin("alice", home, true).undecided()
	}
	for range failuresPerName {
		begin("Alice", foe, true).failed()
	}
	begin("ALICE", netip.MustParseAddr("198.51.100.7"), false) // for the name, wherever from
	begin("bob", foe, true).undecided()
	begin("alice", home, true).failed() // but not from where they log in
	for range failuresPerName - 1 {
		begin("alice", home, true).failed()
	}
	begin("alice", home, false)

	for i := range failuresPerAddress {
		if try, err := l.begin(fmt.Sprint("user", i), foe); err == nil {
			try.failed()
		}
	}
	begin("carol", netip.MustParseAddr("2001:db8::ffff"), false) // the same network
	begin("carol", home, true)
}

// However many other keys come, a key keeps what it has lost; those beyond the room
// share what is left, so that all together have an end; with time there is room again.
func TestThrottleIsNotEmptied(t *testing.T) {
	t.Parallel()
	now := time.Now()
	throttle := newThrottle(2, 10*time.Second, func() time.Time { return now })
	throttle.most = 100
	victim := throttleKeyOf("victim")
	throttle.take(victim)
	throttle.take(victim)
	taken := 0
	for n := range 50_000 {
		key := throttleKeyOf(strconv.Itoa(n))
		for throttle.take(key) == 0 {
			taken++
		}
	}
	if throttle.take(victim) == 0 {
		t.Error("other keys gave a key its tries back")
	}
	if most := 2 * (throttle.most + sharedBuckets); taken > most || len(throttle.known) != throttle.most {
		t.Errorf("%d tries of other keys, %d are remembered, %d tries are all", taken, len(throttle.known), most)
	}
	now = now.Add(10 * time.Second) // one try more for each bucket
	beyond := throttleKeyOf("beyond")
	for range 3 {
		if throttle.take(beyond) > 0 {
			t.Error("successes of a key without room count")
		}
		throttle.forget(beyond)
	}
	now = now.Add(20 * time.Second)
	for n := range throttle.most {
		if throttle.take(throttleKeyOf("later", strconv.Itoa(n))) > 0 {
			t.Fatal("there is no room after all have recovered")
		}
	}
	if throttle.take(victim) > 0 {
		t.Error("a key has not recovered")
	}
}

// Whoever goes away before the answer has tried; whom nobody can answer has not.
func TestAbortedLoginsCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logins = newLoginThrottle(func() time.Time { return time.Unix(1, 0) })
	address := netip.MustParseAddr("192.0.2.1")
	login := func(name string, ctx context.Context, verify verifier) error {
		unrecorded := func(domain.UserID, domain.Command) error { return nil }
		_, err := w.check(ctx, Login{Name: name, From: address, Record: unrecorded}, verify)
		return err
	}
	away := errors.New("nobody can tell")
	var throttled *ThrottledError
	for range 2 * failuresPerName {
		err := login("patient", t.Context(), func(context.Context, string, string) (*User, error) { return nil, away })
		if !errors.Is(err, away) {
			t.Fatal(err)
		}
	}
	for n := range failuresPerName + 1 {
		gone, leave := context.WithCancel(t.Context())
		err := login("aborted", gone, func(ctx context.Context, _, _ string) (*User, error) {
			leave()
			return nil, ctx.Err()
		})
		if errors.As(err, &throttled) != (n == failuresPerName) {
			t.Fatalf("after %d aborted logins: %v", n, err)
		}
	}
}

// What strangers add to the log ends: for one address, and for all of them.
func TestGrowthIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	g := newGrowth(func() time.Time { return now })
	added := func(network string, tries int) (n int) {
		for i := range tries {
			if g.take(netip.MustParseAddr(fmt.Sprintf(network, i))) == 0 {
				n++
			}
		}
		return n
	}
	if n := added("2001:db8::%x", 1000); n != growthPerAddress {
		t.Errorf("one network adds %d", n)
	}
	if n := added("2001:db8:0:%x::1", 0x2000); n != growthOfAll-growthPerAddress {
		t.Errorf("others add %d more", n)
	}
	now = now.Add(growthPerAddress * addressAdds)
	if n := added("2001:db8::%x", 1000); n != growthPerAddress {
		t.Errorf("after a while one network adds %d", n)
	}
}

// Failed logins and registrations beyond that are refused as before, and leave nothing.
func TestFailuresBeyondLeaveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logins = newLoginThrottle(func() time.Time { return time.Unix(1, 0) })
	address, recorded := netip.MustParseAddr("192.0.2.1"), 0
	for range growthPerAddress + 10 {
		l := Login{Name: "a", From: address, Record: func(domain.UserID, domain.Command) error { recorded++; return nil }}
		if err := w.recordFailure(l, &refusedLogin{}); !errors.Is(err, ErrLoginFailed) {
			t.Fatal(err)
		}
		_ = w.AdmitRegistration(address)
	}
	if recorded != growthPerAddress {
		t.Errorf("%d failures are recorded", recorded)
	}
	if err := w.AdmitRegistration(address); err == nil || !strings.Contains(err.Error(), "注册") {
		t.Errorf("a further registration: %v", err)
	}
	must(t, w.AdmitRegistration(netip.MustParseAddr("192.0.2.2")))
}

package identity

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
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

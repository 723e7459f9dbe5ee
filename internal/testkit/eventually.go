package testkit

import (
	"testing"
	"time"
)

// Patience limits a wait for what must come. It only ends a test that would hang:
// no test's outcome depends on how fast the machine is.
const Patience = 3 * time.Minute

// longestPause is the longest pause between two looks at what takes long.
const longestPause = 40 * time.Millisecond

// Eventually polls for what has no signal, and fails the test when it does not
// come true. It looks often at first.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	pause := time.Millisecond
	for deadline := time.Now().Add(Patience); !holds(); time.Sleep(pause) {
		pause = min(2*pause, longestPause)
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// Await waits for a signal and returns it, and fails the test when it does not
// come.
func Await[T any](t testing.TB, what string, signal <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-signal:
	case <-time.After(Patience):
		t.Fatalf("in vain: %s", what)
	}
	return got
}

package testkit

import (
	"testing"
	"time"
)

// Patience limits a wait for what must come. It only ends a test that would hang:
// no test's outcome depends on how fast the machine is.
const Patience = 3 * time.Minute

// Eventually polls for what has no signal, and fails the test when it does not
// come true.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

package deployment

import (
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// freezePostgres stops all processes of the server whose pid file it is, which
// keeps its connections and answers nothing. thaw lets them go on; it may be
// called more than once, and is at the test's end: else nobody could stop them.
func freezePostgres(t testing.TB, pidFile string) (thaw func()) {
	t.Helper()
	postmaster := runningPID(t, pidFile, "postgres")
	frozen := []int{postmaster}
	thaw = func() {
		t.Helper()
		for _, pid := range frozen {
			send(t, pid, syscall.SIGCONT)
		}
	}
	t.Cleanup(thaw)
	send(t, postmaster, syscall.SIGSTOP)
	// A process has all its children in the list only while it makes no more.
	testkit.Eventually(t, "the postmaster stands still", func() bool { return stateOf(t, postmaster) == "T" })
	for _, pid := range childrenOf(t, postmaster) {
		send(t, pid, syscall.SIGSTOP)
		frozen = append([]int{pid}, frozen...)
	}
	return thaw
}

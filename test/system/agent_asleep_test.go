package system

import (
	"testing"
	"time"

	"github.com/opsledger/opsledger/test/deployment"
	"github.com/opsledger/opsledger/test/workload"
)

// An agent sleeps, or is cut off, while the stream forgets what it has not seen;
// or it is killed with messages that were delivered but neither applied nor
// acknowledged. It skips nothing and brings nothing out of order: named ends with
// what was acknowledged.
func TestAgentAsleepPastRetention(t *testing.T) {
	t.Parallel()
	bus := deployment.StartBus(t)
	serve := deployment.NewServe(t, "serve", "--nats-url", bus.URL())
	site := deployment.StartSiteAround(t, serve, "--nats-url", bus.URL())
	w := workload.New(t, site, 3, 4)
	// Those that it dies in come first: it starts from a snapshot, which would heal the others.
	for _, nap := range []struct {
		name   string
		cut    bool
		forgot bool
		awake  func()
	}{
		{"it dies with messages that are still there", false, false, site.RestartAgent},
		{"it dies with messages that are forgotten", false, true, site.RestartAgent},
		{"it has its messages, and they are still there", false, false, site.WakeAgent},
		{"it has its messages, but they are forgotten", false, true, site.WakeAgent},
		{"it has none, and they are forgotten", true, true, site.WakeAgent},
	} {
		w.Burst(2)
		w.Live()
		site.PauseAgent()
		if nap.cut {
			bus.Restart() // ends the agent's connection, and with it what it had asked for
		}
		w.Burst(4)
		w.RenameView() // fits whatever was missed before
		if nap.forgot {
			bus.Forget(w.Last())
		}
		began := time.Now()
		nap.awake()
		w.Live()
		t.Logf("%s: all is live %s later", nap.name, time.Since(began).Round(time.Millisecond))
	}
	w.Check()
}

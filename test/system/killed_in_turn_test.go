package system

import (
	"testing"
	"time"

	"github.com/opsledger/opsledger/test/deployment"
	"github.com/opsledger/opsledger/test/workload"
)

// Every program that opsledger consists of is killed in turn, while clients
// write: what was acknowledged is in the log once, in every read model once, and live.
func TestKilledInTurn(t *testing.T) {
	t.Parallel()
	w := workload.New(t, deployment.StartSite(t), 1, 8)
	w.Endure([]workload.Fault{
		{Name: "kill -9 of serve", Strike: (*deployment.Site).RestartServe},
		{Name: "kill -9 of PostgreSQL", Strike: (*deployment.Site).KillPostgres},
		{Name: "kill -9 of the agent", Strike: (*deployment.Site).RestartAgent},
		{Name: "kill -9 of named", Strike: (*deployment.Site).KillNamed},
	}, 4, 2*time.Second)
	w.Check()
}

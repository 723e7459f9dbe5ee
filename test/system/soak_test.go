package system

import (
	"os"
	"testing"
	"time"

	"github.com/opsledger/opsledger/test/deployment"
	"github.com/opsledger/opsledger/test/workload"
)

// TestSoak is many days' misfortune: many clients do anything, and something goes
// wrong again and again. The short form runs with all tests, and strikes five times: by
// what TestKilledInTurn has not. `make soak` takes OPSLEDGER_SOAK=10m and OPSLEDGER_SOAK_EVERY=20s.
func TestSoak(t *testing.T) {
	t.Parallel()
	length, interval := fromEnvironment(t, "OPSLEDGER_SOAK", 5*time.Second), fromEnvironment(t, "OPSLEDGER_SOAK_EVERY", time.Second)
	clients := 32
	if os.Getenv("OPSLEDGER_SOAK") == "" {
		clients = 12 // each takes all the time that it gets
	}
	w := workload.New(t, deployment.StartSite(t), uint64(time.Now().UnixNano()), clients)
	w.RunTasks()
	w.Endure([]workload.Fault{
		{Name: "PostgreSQL stands still", Strike: func(s *deployment.Site) { s.FreezePostgres(max(interval/2, 2*time.Second)) }},
		{Name: "JetStream's storage is lost", Strike: (*deployment.Site).WipeStream},
		{Name: "the agent sleeps", Strike: (*deployment.Site).SuspendAgent},
		{Name: "the read models are rebuilt", Strike: (*deployment.Site).Rebuild},
		{Name: "everything is killed", Strike: (*deployment.Site).RestartAll},
		{Name: "a PostgreSQL backend is killed", Strike: (*deployment.Site).KillBackend},
		{Name: "named is killed", Strike: (*deployment.Site).KillNamed},
		{Name: "the agent is killed", Strike: (*deployment.Site).RestartAgent},
		{Name: "PostgreSQL is killed", Strike: (*deployment.Site).KillPostgres},
		{Name: "serve is killed", Strike: (*deployment.Site).RestartServe},
	}, int(length/interval), interval)
	w.Check()
}

func fromEnvironment(t *testing.T, name string, otherwise time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

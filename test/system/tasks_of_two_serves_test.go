package system

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// Two serves have one log and one NATS in common, so two desks take reports and
// two watches look at the hosts. One of them is killed in the middle of it, the
// other one's NATS restarts with it: each attempt runs once, and all end.
func TestTasksOfTwoServes(t *testing.T) {
	t.Parallel()
	url, keys, bus := testkit.PostgresURL(t), filepath.Join(t.TempDir(), "vault.key"), testkit.Address(t)
	shared := []string{"--database-url", url, "--key-file", keys}
	a := deployment.StartServe(t, "first", append(shared, "--nats-listen", bus)...)
	b := deployment.StartServe(t, "second", append(shared, "--nats-url", "nats://"+bus)...)
	host := deployment.EnrollMachine(t, "web01", "10.0.0.1", map[string]string{
		"note": "echo \"##percent 50\"; sleep 0.1; echo $4 >> $DIR/ran",
	}, append(shared, "--data", t.TempDir(), "--public-nats-url", "nats://"+bus)...)
	host.Start()
	for _, s := range []*deployment.Server{a, b} {
		testkit.Eventually(t, "the host is online", func() bool { return slices.Equal(s.Online(), []string{"web01"}) })
	}

	var tasks, want []string
	give := func(n int, plan, execute *deployment.Server) {
		for range n {
			name := fmt.Sprintf("t%02d", len(tasks))
			task := plan.NewTask("10.0.0.1", "note", "target", "1", name)
			execute.Execute(task, "update")
			tasks, want = append(tasks, task), append(want, name)
		}
	}
	give(4, a, b)
	give(4, b, a)
	b.Kill()
	give(4, a, a)
	b.Start()
	give(4, b, b)
	a.Kill() // and NATS, and the leases, with it
	a.Start()
	give(4, b, a)
	for _, task := range tasks {
		for _, s := range []*deployment.Server{a, b} {
			if got, _ := s.AwaitEnd(task, "succeeded"); got.Percent != 100 {
				t.Errorf("%+v", got)
			}
		}
	}
	if ran := host.Words("ran"); !slices.Equal(ran, want) {
		t.Errorf("%v ran, of %v", ran, want)
	}
	pool := deployment.OpenPool(t, url)
	const notOnce = `SELECT count(*) FROM (
		SELECT data->>'attempt' FROM log.events WHERE type = '%s' GROUP BY 1 HAVING count(*) <> 1) x`
	for what, sql := range map[string]string{
		"attempts with other than one end":   fmt.Sprintf(notOnce, "AttemptFinished"),
		"attempts with other than one start": fmt.Sprintf(notOnce, "AttemptStarted"),
		"presumptions":                       `SELECT count(*) FROM log.events WHERE type = 'AttemptPresumed'`,
	} {
		var n int
		if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", what, n, err)
		}
	}
}

package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// Two serves have one log and one NATS in common, so two desks take reports and
// two watches look at the hosts. One of them is killed in the middle of it, the
// other one's NATS restarts with it: each attempt runs once, and all end.
func TestTasksOfTwoServes(t *testing.T) {
	t.Parallel()
	url, keys, bus := testkit.PostgresURL(t), filepath.Join(t.TempDir(), "vault.key"), testkit.Address(t)
	shared := []string{"--database-url", url, "--key-file", keys}
	a := newServing(t, "first", append(shared, "--nats-listen", bus)...)
	b := newServing(t, "second", append(shared, "--nats-url", "nats://"+bus)...)
	for _, s := range []*serving{a, b} {
		s.start()
		s.login()
	}
	host := enrollTaskHost(t, "web01", "10.0.0.1", map[string]string{
		"note": "echo \"##percent 50\"; sleep 0.1; echo $4 >> $DIR/ran",
	}, append(shared, "--data", t.TempDir(), "--public-nats-url", "nats://"+bus)...)
	host.start()
	for _, s := range []*serving{a, b} {
		eventually(t, "the host is online", func() bool { return slices.Equal(s.online(), []string{"web01"}) })
	}

	var tasks, want []string
	give := func(n int, plan, execute *serving) {
		for range n {
			name := fmt.Sprintf("t%02d", len(tasks))
			task := plan.newTask("10.0.0.1", "note", "target", "1", name)
			execute.execute(task, "update")
			tasks, want = append(tasks, task), append(want, name)
		}
	}
	give(4, a, b)
	give(4, b, a)
	b.kill()
	give(4, a, a)
	b.start()
	give(4, b, b)
	a.kill() // and NATS, and the leases, with it
	a.start()
	give(4, b, a)
	for _, task := range tasks {
		for _, s := range []*serving{a, b} {
			if got := s.until(task, "succeeded"); got.Percent != 100 {
				t.Errorf("%+v", got)
			}
		}
	}
	if ran := host.ran(); !slices.Equal(ran, want) {
		t.Errorf("%v ran, of %v", ran, want)
	}
	pool := openPool(t, url)
	for what, sql := range map[string]string{
		"attempts with other than one end":   `SELECT count(*) FROM (SELECT data->>'attempt' FROM log.events WHERE type = 'AttemptFinished' GROUP BY 1 HAVING count(*) <> 1) x`,
		"attempts with other than one start": `SELECT count(*) FROM (SELECT data->>'attempt' FROM log.events WHERE type = 'AttemptStarted' GROUP BY 1 HAVING count(*) <> 1) x`,
		"presumptions":                       `SELECT count(*) FROM log.events WHERE type = 'AttemptPresumed'`,
	} {
		var n int
		if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", what, n, err)
		}
	}
}

package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

// Tasks measures the operations dialect: machines, their agents and their tasks.
func Tasks() Case {
	var c tasksCase
	return Case{
		Name:  "tasks",
		Usage: "tasks from POST /api/update to a process on the host, through many hosts, beside idle hosts, and in long lists",
		Description: `Four parts, of which --parts names those to run, one after the other, the first three on one control plane; run a part
alone for figures that nothing before it had a part in:
start: a task is created, then POST /api/update; what is timed is from before that POST until the program that the action
names runs on this machine, where dev's own host agent started it (the program's first act is a line in a named pipe), and
(post) the POST's reply. The baseline: fork and exec of the same program by this process, to the same line.
through: so many hosts, each the agent of package host with a connection, credentials and a consumer of its own, whose
programs are pretended: one reports that it began, some percents and its end, a step of time between each. Tasks are created
in batches, then, which begins the time, accepted in batches; it ends when the read model has every one as succeeded.
with_creation_per_s counts the time of creating them, too. The baseline: as many events as that part of the log has, copied
from it, inserted bare in batches as large as the log's were on average.
idle: so many of these hosts that have nothing to do. What serve (with its agents and embedded NATS) takes of memory and of
one processor meanwhile, next to what it took without them.
pages: GET /api/task at random places of a list of so many tasks, over one kept connection, one line for each size of a
page. They are put into the log past the store, in its form, and the read model is computed from it. The baseline: the same
rows by their ids, straight from PostgreSQL.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "parts", Usage: "which of them: start, through, idle, pages", Value: "start,through,idle,pages", Destination: &c.parts},
			&cli.IntFlag{Name: "starts", Usage: "start: tasks executed one after the other", Value: 200, Destination: &c.starts},
			&cli.IntFlag{Name: "hosts", Usage: "through: hosts", Value: 100, Destination: &c.hosts},
			&cli.IntFlag{Name: "tasks", Usage: "through: tasks", Value: 2000, Destination: &c.tasks},
			&cli.IntFlag{Name: "percents", Usage: "through: how often each task says how far it is", Value: 2, Destination: &c.percents},
			&cli.DurationFlag{Name: "step", Usage: "through: time between two words of a task", Value: 100 * time.Millisecond, Destination: &c.step},
			&cli.IntFlag{Name: "batch", Usage: "through: tasks created, or accepted, in one append", Value: 500, Destination: &c.batch},
			&cli.IntFlag{Name: "idle", Usage: "idle: hosts; each takes a file descriptor of this process and one of serve", Value: 500, Destination: &c.idle},
			&cli.DurationFlag{Name: "watch", Usage: "idle: how long they are watched", Value: 10 * time.Second, Destination: &c.watch},
			&cli.IntFlag{Name: "listed", Usage: "pages: tasks in the list", Value: 50_000, Destination: &c.listed},
			&cli.StringFlag{Name: "counts", Usage: "pages: tasks on a page, one line each", Value: "10,100,1000", Destination: &c.counts},
			&cli.IntFlag{Name: "pages", Usage: "pages: read in each line", Value: 500, Destination: &c.pages},
		},
		Tiny: []string{"--starts", "2", "--hosts", "2", "--tasks", "6", "--step", "5ms", "--batch", "4",
			"--idle", "2", "--watch", "50ms", "--listed", "1200", "--counts", "10", "--pages", "3"},
		Run: c.run,
	}
}

type tasksCase struct {
	parts, counts                                              string
	starts, hosts, tasks, percents, batch, idle, listed, pages int
	// sizes are what counts lists.
	sizes       []int
	step, watch time.Duration
}

// tasksPart is a part of the case.
type tasksPart struct {
	name string
	run  func(context.Context, *Env) error
}

// check refuses numbers of nothing, and reads the sizes of pages.
func (c *tasksCase) check() (err error) {
	for flag, n := range map[string]int{
		"starts": c.starts, "hosts": c.hosts, "tasks": c.tasks, "batch": c.batch, "idle": c.idle, "listed": c.listed, "pages": c.pages,
		"percents": c.percents + 1,
	} {
		if n < 1 {
			return fmt.Errorf("--%s is too low", flag)
		}
	}
	c.sizes, err = numbers("--counts", c.counts)
	return err
}

func (c *tasksCase) run(ctx context.Context, e *Env) error {
	if err := c.check(); err != nil {
		return err
	}
	var s *starting
	on := func(run func(context.Context, *Env, *starting) error) func(context.Context, *Env) error {
		return func(ctx context.Context, inner *Env) (err error) {
			if s == nil {
				if s, err = openStarting(ctx, e); err != nil {
					return err
				}
			}
			return run(ctx, inner, s)
		}
	}
	parts := []tasksPart{{"start", on(c.runStart)}, {"through", on(c.runThrough)}, {"idle", on(c.runIdle)}, {"pages", c.runPages}}
	wanted := strings.Split(c.parts, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(parts, func(p tasksPart) bool { return p.name == name }) {
			return fmt.Errorf("--parts: there is no %q", name)
		}
	}
	for _, p := range parts {
		if !slices.Contains(wanted, p.name) {
			continue
		}
		if err := e.Within(ctx, p.run); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

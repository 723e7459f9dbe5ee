package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"
)

// Case is one benchmark.
type Case struct {
	// Name is the subcommand of `opsledger-bench`.
	Name string
	// Usage says in one line what is measured, and against what.
	Usage string
	// Description says exactly what is timed and what the baseline does.
	Description string
	Flags       []cli.Flag
	// Tiny are the arguments with which the case takes a fraction of a second.
	Tiny []string
	// Run measures. It ends early, with an error, when ctx does.
	Run func(ctx context.Context, e *Env) error
}

// numbers reads what a flag lists, separated by commas: numbers above 0.
func numbers(flag, list string) ([]int, error) {
	var all []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s: %q is no number above 0", flag, text)
		}
		all = append(all, n)
	}
	return all, nil
}

// Cases returns all cases, in the order in which help shows them. Each call
// returns new ones, whose flags have their defaults.
func Cases() []Case {
	return []Case{Append(), Replay(), Rebuild(), Verify(), HTTP(), DDNS(), Live(), Fleet(), Bulk(), Import(), Grow(), Past(), Revert(), Tasks(), Events()}
}

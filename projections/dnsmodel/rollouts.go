package dnsmodel

import (
	"context"
	"errors"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// RolloutState says how far a rollout is.
type RolloutState string

// The states.
const (
	RolloutRunning RolloutState = "running"
	// RolloutDone: all servers are to have the change.
	RolloutDone RolloutState = "done"
	// RolloutStopped: no server is to have it.
	RolloutStopped RolloutState = "stopped"
)

// Rollout is a change of the configuration that goes to the name servers in stages.
type Rollout struct {
	// ID is the position of its first event, the last one of the change, which begins at First.
	ID, First domain.Position
	// Order is that of the plan, Stages the servers that it names.
	Order  [][]string
	Stages dns.RolloutStages
	SoakS  int
	Former dns.FormerSettings
	State  RolloutState
	// Reached are the positions at which the stages were reached, that of the first one first.
	Reached []int64
	// Reason is why it was stopped, empty where a user did it.
	Reason string
	// Overtaken: another configuration went to all servers at once.
	Overtaken bool
	Begun     time.Time
	// Ended is the position of its last event, 0 before, and EndedAt its time.
	Ended   domain.Position
	EndedAt *time.Time
}

func (r *Rollout) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &r.ID),
		table.Col("first", table.Number|table.Fixed, &r.First),
		table.Col("stages", table.JSON|table.Fixed, &r.Order),
		table.Col("servers", table.JSON|table.Fixed, &r.Stages),
		table.Col("soak_s", table.Number|table.Fixed, &r.SoakS),
		table.Col("former", table.JSON|table.Fixed, &r.Former),
		table.Col("state", table.Bytewise, &r.State),
		table.Col("reached", table.Numbers, &r.Reached),
		table.Col("reason", table.Text, &r.Reason),
		table.Col("overtaken", table.Flag, &r.Overtaken),
		table.Col("begun", table.Time|table.Fixed, &r.Begun),
		table.Col("ended", table.Number, &r.Ended),
		table.Col("ended_at", table.OptionalTime, &r.EndedAt),
	}
}

// Stage is the one that was reached last, of which 1 is the first.
func (r *Rollout) Stage() int { return len(r.Reached) }

// Since is the position from which on a server is to have the change, 0 while its stage is not
// reached, or if the rollout was stopped.
func (r *Rollout) Since(server int64) domain.Position {
	stage := r.Stages.Of(server)
	switch {
	case r.State == RolloutStopped:
		return 0
	case stage <= len(r.Reached):
		return domain.Position(r.Reached[stage-1])
	default:
		return r.Ended
	}
}

var rollouts = table.Keeping(table.Table[Rollout]{Name: "rollouts", Key: "id", Columns: (*Rollout).columns, Indexes: []string{
	// what is looked for every second, among all rollouts that ever were
	"CREATE INDEX rollouts_running ON {schema}.rollouts (id) WHERE state = 'running'",
}})

// RolloutPlan is the stages of rollouts to come.
type RolloutPlan struct {
	dns.RolloutPlan
	// Changed is the position of the event that set the plan, 0 for the default.
	Changed domain.Position
}

func (p *RolloutPlan) columns() []table.Column {
	return []table.Column{
		table.Only(),
		table.Col("stages", table.JSON, &p.Order),
		table.Col("soak_s", table.Number, &p.SoakS),
		table.Col("changed", table.Number, &p.Changed),
	}
}

var rolloutPlans = table.Keeping(table.Table[RolloutPlan]{Name: "rollout_plan", Key: "singleton", Columns: (*RolloutPlan).columns})

var (
	selectRolloutPlan = "SELECT " + table.NamesOf("p", (*RolloutPlan).columns) + " FROM " + rolloutPlans.In("dns") + " p"
	selectRollout     = "SELECT " + table.NamesOf("r", (*Rollout).columns) + " FROM " + rollouts.In("dns") + " r WHERE r.first <= $1 AND r.id >= $1"
	selectRollouts    = "SELECT " + table.NamesOf("r", (*Rollout).columns) + " FROM " + rollouts.In("dns") + " r WHERE r.id < $1 ORDER BY r.id DESC LIMIT $2"
	runningRollout    = "SELECT " + table.NamesOf("r", (*Rollout).columns) + " FROM dns.rollouts r WHERE r.state = 'running'"
)

// RolloutPlan returns the stages of rollouts to come.
func (r *Reader) RolloutPlan(ctx context.Context) (RolloutPlan, error) {
	plan, err := query.Only(ctx, r.pool, query.Row((*RolloutPlan).columns), selectRolloutPlan)
	if errors.Is(err, query.ErrNotFound) {
		return RolloutPlan{RolloutPlan: dns.DefaultRolloutPlan()}, nil
	}
	return plan, err
}

// Rollout returns the rollout of the change that a position is in, or [query.ErrNotFound].
func (r *Reader) Rollout(ctx context.Context, at domain.Position) (Rollout, error) {
	return query.Only(ctx, r.pool, query.Row((*Rollout).columns), selectRollout, int64(at))
}

// RunningRollout returns the rollout that is under way now, or [query.ErrNotFound].
func (r *Reader) RunningRollout(ctx context.Context) (Rollout, error) {
	return query.Only(ctx, r.pool, query.Row((*Rollout).columns), runningRollout)
}

// Rollouts lists the rollouts before a position, the newest first.
func (r *Reader) Rollouts(ctx context.Context, before domain.Position, limit int) ([]Rollout, error) {
	return query.All(ctx, r.pool, query.Row((*Rollout).columns), selectRollouts, int64(before), limit)
}

package v1

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// rolloutBody is a rollout on the wire.
type rolloutBody struct {
	Position domain.Position       `json:"position"`
	State    dnsmodel.RolloutState `json:"state"`
	// Stage is the one that was reached last, of StagesTotal.
	Stage       int       `json:"stage"`
	StagesTotal int       `json:"stages_total"`
	SoakS       int       `json:"soak_s"`
	Begun       time.Time `json:"begun"`
	// Ended is when it ended, and EndPosition the position of its last event; null before.
	Ended       *time.Time       `json:"ended"`
	EndPosition *domain.Position `json:"end_position"`
	// Reason is why it was stopped, null if it was not.
	Reason *string `json:"reason"`
	// Overtaken: another configuration went to all servers at once.
	Overtaken bool `json:"overtaken"`
	// Stages are left out of lists.
	Stages []rolloutStage `json:"stages,omitempty"`
}

// rolloutStage is a stage. The last one has no names: it has the servers that no other one names.
type rolloutStage struct {
	Names   []string         `json:"names"`
	Reached *domain.Position `json:"reached_position"`
	Servers []rolloutServer  `json:"servers"`
}

// rolloutServer is a server with an agent. State and Online are null in the past, and while nobody knows.
type rolloutServer struct {
	ServerID int64   `json:"server_id"`
	Host     string  `json:"host"`
	State    *string `json:"state"`
	Online   *bool   `json:"online"`
	Error    string  `json:"error"`
}

func rolloutBodyOf(r dnsmodel.Rollout) rolloutBody {
	body := rolloutBody{
		Position: r.ID, State: r.State, Stage: r.Stage(), StagesTotal: r.Stages.Count(), SoakS: r.SoakS, Begun: r.Begun.UTC(),
		Overtaken: r.Overtaken,
	}
	if r.EndedAt != nil {
		ended := r.EndedAt.UTC()
		body.Ended, body.EndPosition = &ended, &r.Ended
	}
	if r.State == dnsmodel.RolloutStopped {
		body.Reason = new(cmp.Or(r.Reason, "stopped by a user"))
	}
	return body
}

// listRollouts lists rollouts, the newest first.
func (a *API) listRollouts(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	limit, before := limitOf(q), cursorOf(q)
	if q.Err != nil {
		return q.Err
	}
	rows, err := a.DNS.Rollouts(c.Request().Context(), domain.Position(before), limit+1)
	if err != nil {
		return err
	}
	rows, next := cut(rows, limit, func(r dnsmodel.Rollout) int64 { return int64(r.ID) })
	list := make([]rolloutBody, len(rows))
	for i, r := range rows {
		list[i] = rolloutBodyOf(r)
	}
	return api.WriteJSON(c, http.StatusOK, map[string]any{"rollouts": list, "next": next})
}

func (a *API) showRollout(c echo.Context) error {
	id, err := api.PathID(c, api.Rollout)
	if err != nil {
		return err
	}
	r, err := a.rolloutOf(c.Request().Context(), id)
	if err != nil {
		return err
	}
	body := rolloutBodyOf(r)
	if body.Stages, err = a.stagesOf(c, r); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

func (a *API) rolloutOf(ctx context.Context, id int64) (dnsmodel.Rollout, error) {
	r, err := a.DNS.Rollout(ctx, domain.Position(id))
	return r, api.Found(api.Rollout, id, err)
}

// stagesOf are the stages with those of their servers that the caller's list of servers shows.
func (a *API) stagesOf(c echo.Context, r dnsmodel.Rollout) ([]rolloutStage, error) {
	servers, err := a.serversOf(c, r)
	if err != nil {
		return nil, err
	}
	stages := make([]rolloutStage, r.Stages.Count())
	for i := range stages {
		stages[i].Servers = []rolloutServer{}
		if i < len(r.Order) {
			stages[i].Names = r.Order[i]
		}
		if i < len(r.Reached) {
			stages[i].Reached = new(domain.Position(r.Reached[i]))
		}
	}
	for _, s := range servers {
		at := &stages[r.Stages.Of(s.ServerID)-1]
		at.Servers = append(at.Servers, s)
	}
	return stages, nil
}

// serversOf are the servers with an agent: how each is with the rollout is what it is with its change.
func (a *API) serversOf(c echo.Context, r dnsmodel.Rollout) ([]rolloutServer, error) {
	if api.IsPast(c) || a.Changes == nil {
		return a.serversThen(c)
	}
	change, err := a.Changes.Change(c.Request().Context(), r.ID, 0)
	if err != nil {
		return nil, fmt.Errorf("rollout %d: %w", r.ID, err)
	}
	rows, err := a.visibleServers(c, change.Servers)
	if err != nil {
		return nil, err
	}
	servers := make([]rolloutServer, len(rows))
	for i, row := range rows {
		s := rolloutServer{ServerID: row.ServerID, Host: row.Host, State: new(StatePending), Online: new(row.Online), Error: row.Error}
		switch {
		case row.Applied:
			s.State = new(StateInSync)
		case row.Error != "" && r.Since(row.ServerID) != 0:
			s.State = new(StateFailed)
		case row.Error == "" && !row.Online:
			s.Error = "the agent is away: the stage waits for it, unless the rollout is told to continue"
		}
		servers[i] = s
	}
	return servers, nil
}

// serversThen are the servers that had an agent.
func (a *API) serversThen(c echo.Context) ([]rolloutServer, error) {
	rows, err := a.serversSeen(c)
	if err != nil {
		return nil, err
	}
	servers := []rolloutServer{}
	for _, row := range rows {
		if row.Enrolled {
			servers = append(servers, rolloutServer{ServerID: row.ID, Host: row.Host})
		}
	}
	return servers, nil
}

// stepRollout is a write on a rollout that is under way.
func (a *API) stepRollout(command func(dnsmodel.Rollout) domain.Command) api.Write {
	return api.Write{
		Kind: api.Rollout, Unversioned: true, Right: api.Always(access.EditBindConf()),
		Command: func(w *api.Request) (domain.Command, error) {
			r, err := a.rolloutOf(w.Context(), w.ID)
			return command(r), err
		},
	}
}

func continueRollout(r dnsmodel.Rollout) domain.Command {
	return dns.NewGoOnWithRollout(r.ID, r.Stage())
}

func stopRollout(r dnsmodel.Rollout) domain.Command { return dns.NewStopRollout(r.ID, "") }

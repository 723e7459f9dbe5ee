package v1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// errNoChanges: nobody can tell how far the name servers are.
const errNoChanges = api.Unavailable("the state of the name servers is not known yet, try again")

// limitOfChange: a request for a change may wait on purpose. A longer wait is cut to
// the greatest.
func limitOfChange(*http.Request) time.Duration { return api.DefaultRequestTimeout + api.MaxWait }

// Changes knows how far the name servers are.
type Changes interface {
	// Change returns the state of the name servers with regard to a position, at
	// once when all have it, else after the given time. It returns
	// [ErrNoSuchPosition] for a position that the log has not reached.
	Change(ctx context.Context, position domain.Position, wait time.Duration) (Change, error)
}

// ErrNoSuchPosition is returned by [Changes].
var ErrNoSuchPosition = errors.New("the log has not reached the position")

// The states of a change.
const (
	StatePending = "PENDING"
	StateInSync  = "INSYNC"
	StateFailed  = "FAILED"
)

// Change says which name servers serve what the log says up to a position.
type Change struct {
	Position domain.Position `json:"position"`
	// State is one of the State constants.
	State string `json:"state"`
	// Percent is the share of the servers with an agent that have the position.
	Percent int            `json:"percent"`
	Servers []ServerChange `json:"servers"`
}

// ServerChange is one name server's part in a [Change].
type ServerChange struct {
	ServerID int64  `json:"server_id"`
	Host     string `json:"host"`
	IP       string `json:"ip"`
	Applied  bool   `json:"applied"`
	Percent  int    `json:"percent"`
	// Since is when the server was first known to have applied the position, null
	// while it has not.
	Since *time.Time `json:"since"`
	// AppliedPosition is how far the server is.
	AppliedPosition domain.Position `json:"applied_position"`
	// Proved is how far it is with what the change is about, see [ZoneServer].
	Proved domain.Position `json:"-"`
	Online bool            `json:"online"`
	// Error is what its named, or the program that checks for it, said.
	Error string `json:"error"`
	// FailedZone is the zone that Error is about, 0 if it is about no zone alone, or about one
	// that is gone (FailedGone). FailedView is its view, 0 for none.
	FailedZone int64 `json:"-"`
	FailedGone bool  `json:"-"`
	FailedView int64 `json:"-"`
}

func (a *API) showChange(c echo.Context) error {
	position, ok := api.ParseInteger(c.Param("position"))
	if !ok || position < 1 {
		return domain.Invalid("position", "必须是正整数！")
	}
	wait, err := readWait(c)
	if err != nil {
		return err
	}
	if a.Changes == nil {
		return errNoChanges
	}
	change, err := a.change(c, domain.Position(position), wait)
	if errors.Is(err, ErrNoSuchPosition) {
		return domain.NotFound("Change %d 不存在！", position)
	}
	if err != nil {
		return fmt.Errorf("change %d: %w", position, err)
	}
	if change.Servers, err = a.visibleServers(c, change.Servers); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, change)
}

// change returns the state of a change; a request that may wait for it needs a place.
func (a *API) change(c echo.Context, position domain.Position, wait time.Duration) (Change, error) {
	if wait > 0 {
		leave, err := a.Waiting.Take(c.Request().Context(), api.Caller(c).ID)
		if err != nil {
			return Change{}, err
		}
		defer leave()
	}
	return a.Changes.Change(c.Request().Context(), position, wait)
}

// visibleServers leaves out the servers that the caller's list of servers leaves
// out, and what named says of a zone that the caller may not ACCESS. What a change has
// come to, state and percent, is for everybody.
func (a *API) visibleServers(c echo.Context, servers []ServerChange) ([]ServerChange, error) {
	seen, err := a.seenServers(c)
	if err != nil {
		return nil, err
	}
	visible := []ServerChange{}
	for _, server := range servers {
		if !seen(server.ServerID) {
			continue
		}
		if server.Error, err = a.visibleError(c, server.Error, fault{server.FailedZone, server.FailedGone, server.FailedView}); err != nil {
			return nil, err
		}
		visible = append(visible, server)
	}
	return visible, nil
}

func waitText(q *api.Params) *string { return q.Text("wait") }

// readWait reads the query parameter wait, a duration such as 5s.
func readWait(c echo.Context) (time.Duration, error) {
	q := api.ReadQuery(c.Request())
	text := waitText(q)
	if q.Err != nil || text == nil {
		return 0, q.Err
	}
	wait, err := time.ParseDuration(*text)
	if err != nil || wait < 0 {
		return 0, domain.Invalid("wait", "必须是时间长度，例如5s！")
	}
	return min(wait, api.MaxWait), nil
}

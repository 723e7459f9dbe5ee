package v1

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/protocol"
)

// errNoOffers: nobody can tell what hosts offer.
const errNoOffers = api.Unavailable("what machines offer cannot be read now, try again")

// Offers knows what hosts said last that they offer.
type Offers interface {
	// Of returns what a machine's host offers under an enrolment, and when it said so: the
	// zero time means that it never did.
	Of(ctx context.Context, machine int64, enrolment domain.Position) (protocol.HostOffers, time.Time, error)
}

// offersBody says what a machine offers.
type offersBody struct {
	Machine accessMachine `json:"machine"`
	// Known: the machine's agent has said what it offers, at Reported. Otherwise any task is
	// accepted for it.
	Known    bool         `json:"known"`
	Reported *time.Time   `json:"reported"`
	Actions  []actionBody `json:"actions"`
	// More: there are others, which did not fit into what the agent may say.
	More bool `json:"more"`
}

type actionBody struct {
	Action string `json:"action"`
	// Targets is null for an action that takes any.
	Targets []targetBody `json:"targets"`
	More    bool         `json:"more"`
}

type targetBody struct {
	Target string `json:"target"`
	// Versions are releases, the newest first; null where they are not known. There may be
	// others.
	Versions []string `json:"versions"`
}

// showOffers shows what a machine offers.
func (a *API) showOffers(c echo.Context) error {
	if a.Offers == nil {
		return errNoOffers
	}
	ctx, name := c.Request().Context(), c.Param("name")
	machine, err := a.Ops.MachineByName(ctx, name)
	if errors.Is(err, query.ErrNotFound) {
		return domain.NotFound("Machine %s 不存在！", api.PrintableName(name))
	}
	if err != nil {
		return err
	}
	body := offersBody{Machine: accessMachine{machine.ID, machine.Name}, Actions: []actionBody{}}
	if !machine.Enrolled {
		return api.WriteJSON(c, http.StatusOK, body)
	}
	offers, told, err := a.Offers.Of(ctx, machine.ID, machine.Enrolment)
	if err != nil {
		return err
	}
	body.Known, body.Reported, body.More = !told.IsZero(), orNull(told.UTC()), offers.More
	for _, action := range offers.Actions {
		body.Actions = append(body.Actions, actionOnWire(action))
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

func actionOnWire(a protocol.ActionOffer) actionBody {
	body := actionBody{Action: a.Action, More: a.More}
	if a.Any {
		return body
	}
	body.Targets = []targetBody{}
	for _, t := range a.Targets {
		body.Targets = append(body.Targets, targetBody{t.Target, t.Versions})
	}
	return body
}

package v1

import (
	"encoding/json"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// rolloutPlanBody is the plan of rollouts on the wire.
type rolloutPlanBody struct {
	Order [][]string `json:"order"`
	SoakS int        `json:"soak_s"`
}

func (a *API) showRolloutPlan(c echo.Context) error {
	plan, err := a.DNS.RolloutPlan(c.Request().Context())
	if err != nil {
		return err
	}
	return api.Show(c, plan.Changed, rolloutPlanBody{Order: append([][]string{}, plan.Order...), SoakS: plan.SoakS})
}

func (a *API) planRollouts() api.Write {
	return api.Write{
		Right: api.Always(access.EditBindConf()), Keys: api.Names{"order", "soak_s"},
		Command: func(w *api.Request) (domain.Command, error) {
			order, soak := stagesIn(w.Params, "order"), w.Small("soak_s")
			if w.Err != nil {
				return nil, w.Err
			}
			return dns.NewPlanRollouts(order, soak, w.IfMatch)
		},
	}
}

// stagesIn reads a list of lists of texts, nil if there is none.
func stagesIn(p *api.Params, name string) *[][]string {
	raw, given := p.Value(name)
	if !given {
		return nil
	}
	elements, isList := api.Elements(raw)
	if !isList {
		p.Refuse(name, "must be a list of lists of texts")
		return nil
	}
	stages := make([][]string, 0, len(elements))
	for _, element := range elements {
		stages = append(stages, stageIn(p, name, element))
	}
	return &stages
}

func stageIn(p *api.Params, name string, raw json.RawMessage) []string {
	elements, isList := api.Elements(raw)
	if !isList {
		p.Refuse(name, "must be a list of lists of texts")
		return nil
	}
	names := make([]string, 0, len(elements))
	for _, element := range elements {
		names = append(names, elementText(p, name, element))
	}
	return names
}

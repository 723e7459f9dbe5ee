package pdnsapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// What a PowerDNS server has and name servers here have not is shown as what it has none of.

func (a *API) emptyList(c echo.Context) error {
	if _, err := a.serverOf(c); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, []struct{}{})
}

func (a *API) emptyListOfZone(c echo.Context) error {
	if _, err := a.placeOf(c); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, []struct{}{})
}

func statistic(q *api.Params) *string { return q.Text("statistic") }

func (a *API) listStatistics(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	name := statistic(q)
	if q.Err == nil && name != nil {
		q.Err = domain.Refused("Unknown statistic name")
	}
	if q.Err != nil {
		return q.Err
	}
	return a.emptyList(c)
}

func flushed(q *api.Params) *string { return q.Text("domain") }

type flushedBody struct {
	Count  int    `json:"count"`
	Result string `json:"result"`
}

// flush says that no cache had the name: name servers answer from what they hold.
func (a *API) flush(c echo.Context) error {
	if _, err := a.serverOf(c); err != nil {
		return err
	}
	q := api.ReadQuery(c.Request())
	name := api.Given(flushed(q))
	if q.Err != nil {
		return q.Err
	}
	if _, err := canonical(name); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, flushedBody{Result: "Flushed cache."})
}

// says replies that something was done to a zone that is done anyway.
func (a *API) says(result string) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, err := a.placeOf(c); err != nil {
			return err
		}
		return api.WriteJSON(c, http.StatusOK, resultBody{result})
	}
}

func (a *API) refuseRetrieval(c echo.Context) error {
	at, err := a.placeOf(c)
	if err != nil {
		return err
	}
	return domain.Refused("Domain '%s' is not a secondary domain (or has no primary defined)", at.name())
}

package powerdns

import (
	"net/http"
	"strings"

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

// absent answers that there is nothing of the name, on a server that there is.
func (a *API) absent(c echo.Context) error {
	if _, err := a.serverOf(c); err != nil {
		return err
	}
	return echo.ErrNotFound
}

// absentOfZone is absent, of a zone that there is.
func (a *API) absentOfZone(c echo.Context) error {
	if _, err := a.placeOf(c); err != nil {
		return err
	}
	return echo.ErrNotFound
}

type metadataBody struct {
	Kind     string   `json:"kind"`
	Metadata []string `json:"metadata"`
	Type     string   `json:"type"`
}

// noMetadata says that a zone has no metadata of a kind, of which there may be none anywhere.
func (a *API) noMetadata(c echo.Context) error {
	if _, err := a.placeOf(c); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, metadataBody{Kind: unescaped(c.Param("kind")), Metadata: []string{}, Type: "Metadata"})
}

// absentRoutes are those of what a PowerDNS server has by name, and those that write it.
func (a *API) absentRoutes() (routes []api.Route) {
	for _, path := range []string{"/config/:setting", "/tsigkeys/:id"} {
		routes = append(routes, api.Get(pathServer+path, api.AccessUser, reads, a.absent))
	}
	for _, w := range []struct {
		method, path string
		refusal      domain.Phrase
	}{
		{http.MethodPost, pathServer + "/tsigkeys", refusedTSIGKeys},
		{http.MethodPut, pathServer + "/tsigkeys/:id", refusedTSIGKeys},
		{http.MethodDelete, pathServer + "/tsigkeys/:id", refusedTSIGKeys},
		{http.MethodPost, pathServer + "/autoprimaries", refusedAutoprimaries},
		{http.MethodDelete, pathServer + "/autoprimaries/:ip/:nameserver", refusedAutoprimaries},
		{http.MethodPost, pathZone + "/metadata", refusedMetadata},
		{http.MethodPut, pathZone + "/metadata/:kind", refusedMetadata},
		{http.MethodDelete, pathZone + "/metadata/:kind", refusedMetadata},
		{http.MethodPost, pathZone + "/cryptokeys", refusedCryptokeys},
		{http.MethodPut, pathZone + "/cryptokeys/:id", refusedCryptokeys},
		{http.MethodDelete, pathZone + "/cryptokeys/:id", refusedCryptokeys},
	} {
		routes = append(routes, harmless(w.method, w.path, a.refuses(strings.HasPrefix(w.path, pathZone), w.refusal)))
	}
	return routes
}

// What is said to who writes what there is not.
const (
	refusedTSIGKeys      domain.Phrase = "TSIG keys of PowerDNS are not supported"
	refusedAutoprimaries domain.Phrase = "autoprimaries are not supported"
	refusedMetadata      domain.Phrase = "metadata of zones is not supported"
	refusedCryptokeys    domain.Phrase = "cryptokeys are not supported"
)

// refuses refuses to write what a server, or a zone, cannot have here.
func (a *API) refuses(ofZone bool, refusal domain.Phrase) echo.HandlerFunc {
	return func(c echo.Context) error {
		_, err := a.serverOf(c)
		if ofZone && err == nil {
			_, err = a.placeOf(c)
		}
		if err != nil {
			return err
		}
		return domain.Refused("%s", refusal)
	}
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

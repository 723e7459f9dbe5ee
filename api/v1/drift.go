package v1

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// driftBody is a finding on the wire. What is about no zone, or no view, of the log has null there.
type driftBody struct {
	Position domain.Position `json:"position"`
	Time     time.Time       `json:"time"`
	ServerID int64           `json:"server_id"`
	Server   string          `json:"server"`
	ZoneID   *int64          `json:"zone_id"`
	Zone     *string         `json:"zone"`
	View     *string         `json:"view"`
	What     dns.DriftKind   `json:"what"`
	Expected string          `json:"expected"`
	Found    string          `json:"found"`
	Done     dns.DriftDone   `json:"done"`
	// Reason is why that was done, null where it is what the server's setting says. By is who did
	// it, null while that is not known.
	Reason *string `json:"reason"`
	By     *string `json:"by"`
	// Adopted counts the records that were changed in the log, Zones the zones that the finding
	// stands for.
	Adopted int `json:"adopted"`
	Zones   int `json:"zones"`
}

func driftOnWire(d dnsmodel.Drift) driftBody {
	body := driftBody{
		Position: d.Position, Time: d.Time, ServerID: d.ServerID, Server: d.Server, Zone: textOrNull(d.Zone), View: textOrNull(d.View),
		What: d.What, Expected: d.Expected, Found: d.Found, Done: d.Done, Reason: textOrNull(d.Reason), By: textOrNull(d.By),
		Adopted: d.Adopted, Zones: d.Zones,
	}
	if d.ZoneID != 0 {
		body.ZoneID = &d.ZoneID
	}
	if d.Zones == 0 && d.Zone != "" {
		body.Zones = 1
	}
	return body
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func readDriftFilter(q *api.Params) dnsmodel.DriftFilter {
	f := dnsmodel.DriftFilter{
		ServerID: q.Integer("server_id"), ZoneID: q.Integer("zone_id"), What: api.Given(q.Text("what")), Done: api.Given(q.Text("done")),
	}
	if f.What != "" && !slices.Contains(dns.DriftKinds(), dns.DriftKind(f.What)) {
		q.Refuse("what", "is no kind of drift")
	}
	switch dns.DriftDone(f.Done) {
	case "", dns.DriftRepaired, dns.DriftAdopted, dns.DriftReported:
	default:
		q.Refuse("done", "must be one of %s, %s, %s", dns.DriftRepaired, dns.DriftAdopted, dns.DriftReported)
	}
	return f
}

// listDrift lists what was found on name servers, the newest first.
func (a *API) listDrift(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	limit, before, filter := limitOf(q), cursorOf(q), readDriftFilter(q)
	if q.Err != nil {
		return q.Err
	}
	if who := api.Caller(c); who.Credential != nil {
		filter.ViewID = who.Credential.View
	}
	rows, err := a.DNS.Drift(c.Request().Context(), api.Viewer(c), filter, before, limit+1)
	if err != nil {
		return err
	}
	body := struct {
		Drift []driftBody `json:"drift"`
		Next  *string     `json:"next"`
	}{Drift: []driftBody{}}
	rows, body.Next = cut(rows, limit, func(d dnsmodel.Drift) int64 { return int64(d.Position) })
	for _, row := range rows {
		body.Drift = append(body.Drift, driftOnWire(row))
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

// DriftCounts are how much drift there was on a server, and when the last of it was found.
type DriftCounts struct {
	Found    int64      `json:"found"`
	Repaired int64      `json:"repaired"`
	Last     *time.Time `json:"last"`
}

func (a *API) driftOf(c echo.Context, server int64) (DriftCounts, error) {
	count, err := a.DNS.DriftCount(c.Request().Context(), server)
	return DriftCounts{count.Found, count.Repaired, orNull(count.Last)}, err
}

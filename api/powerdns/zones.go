package powerdns

import (
	"context"
	"encoding/json"
	"math"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// zoneBody is a zone as lists show it.
type zoneBody struct {
	ID             string   `json:"id"`
	URL            string   `json:"url"`
	Name           string   `json:"name"`
	Kind           string   `json:"kind"`
	Catalog        string   `json:"catalog"`
	Account        string   `json:"account"`
	Masters        []string `json:"masters"`
	Serial         uint32   `json:"serial"`
	NotifiedSerial uint32   `json:"notified_serial"`
	LastCheck      int      `json:"last_check"`
	// DNSSEC and EditedSerial are left out where a client does not want them.
	DNSSEC       *bool   `json:"dnssec,omitempty"`
	EditedSerial *uint32 `json:"edited_serial,omitempty"`
}

func zoneFor(server, zone string, serial uint32, signed bool) zoneBody {
	b := zoneBody{
		ID: idOf(dns.FoldName(zone)), URL: urlOf(server, zone), Name: zonedata.Absolute(zone), Kind: "Native",
		Masters: []string{}, Serial: serial,
	}
	if signed {
		b.DNSSEC, b.EditedSerial = new(bool), &serial
	}
	return b
}

// zonesFilter is what a list of zones is restricted to, and what it says of each.
type zonesFilter struct {
	zone   *string
	signed bool
}

func readZonesFilter(q *api.Params) zonesFilter {
	return zonesFilter{zone: q.Text("zone"), signed: api.Given(q.Text("dnssec")) != "false"}
}

// pageOfZones is how many zones of a list are read at once.
const pageOfZones = 1000

// listZones sends the zones of a server, page by page: it begins at once, however many there are.
func (a *API) listZones(c echo.Context) error {
	at, err := a.serverOf(c)
	if err != nil {
		return err
	}
	q := api.ReadQuery(c.Request())
	filter := readZonesFilter(q)
	if q.Err != nil {
		return q.Err
	}
	out := api.NewStream(c, echo.MIMEApplicationJSON, a.Still(c))
	list := listing{out: out, server: at, signed: filter.signed}
	if filter.zone != nil {
		err = a.listNamed(c, &list, zoneName(*filter.zone))
	} else {
		err = a.listAll(c, &list)
	}
	if err == nil {
		err = list.end()
	}
	return out.End(err)
}

func (a *API) listNamed(c echo.Context, list *listing, name string) error {
	zone, found, err := a.zoneNamed(c.Request().Context(), api.Viewer(c), name)
	if err != nil || !found {
		return err
	}
	if _, elsewhere := inView(zone, list.server, name); elsewhere != nil {
		return nil
	}
	return a.addZones(c.Request().Context(), list, []dnsmodel.Zone{zone})
}

func (a *API) listAll(c echo.Context, list *listing) error {
	ctx, below := c.Request().Context(), int64(math.MaxInt64)
	for {
		zones, err := a.DNS.ServedZones(ctx, api.Viewer(c), dnsmodel.ServedFilter{View: list.server.view}, below, pageOfZones)
		if err != nil {
			return err
		}
		if err := a.addZones(ctx, list, zones); err != nil || len(zones) < pageOfZones {
			return err
		}
		below = zones[len(zones)-1].ID
	}
}

// addZones adds zones to a list with their serials.
func (a *API) addZones(ctx context.Context, list *listing, zones []dnsmodel.Zone) error {
	wanted := make([]dnsmodel.ServedIn, len(zones))
	for i, z := range zones {
		wanted[i] = dnsmodel.ServedIn{Zone: z.ID, Name: z.Name, View: list.server.view}
		if wanted[i].View == 0 {
			wanted[i].View = z.ViewIDs[0]
		}
	}
	serials, err := a.DNS.SerialsOf(ctx, wanted)
	if err != nil {
		return err
	}
	for i, z := range zones {
		if err := list.add(zoneFor(list.server.name, z.Name, serials[wanted[i]], list.signed)); err != nil {
			return err
		}
	}
	return nil
}

// listing is a list of zones on its way.
type listing struct {
	out    *api.Stream
	server server
	signed bool
	begun  bool
}

func (l *listing) add(z zoneBody) error {
	text, err := json.Marshal(z)
	if err != nil {
		return err
	}
	return l.out.Line(l.separator() + string(text))
}

// separator stands before an element of the list.
func (l *listing) separator() string {
	if l.begun {
		return ","
	}
	l.begun = true
	return "["
}

func (l *listing) end() error {
	if !l.begun {
		return l.out.Line("[]")
	}
	return l.out.Line("]")
}

package dnsapi

import (
	"strings"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// zoneBody is a zone on the wire.
type zoneBody struct {
	ID           int64         `json:"id"`
	Name         string        `json:"name"`
	Group        dns.ZoneGroup `json:"zone_group"`
	Type         string        `json:"zone_type"`
	Forwarders   string        `json:"forwarders"`
	ViewNameList string        `json:"view_name_list"`
	permissions
	ViewIDs []int64 `json:"view_ids"`
}

func zoneFor(who *identity.User, row dnsmodel.Zone) zoneBody {
	return zoneBody{
		ID: row.ID, Name: row.Name, Group: row.Group, Type: row.Type,
		Forwarders:   dns.FormatForwarders(row.Forwarders),
		ViewNameList: nameList(row.ViewNames),
		permissions:  permissionsOn(who, row.Target),
		ViewIDs:      append([]int64{}, row.ViewIDs...),
	}
}

// nameList writes names as the documents do: "['a', 'b']". A view's name has no
// quotes and no backslashes.
func nameList(names []string) string {
	if len(names) == 0 {
		return "[]"
	}
	return "['" + strings.Join(names, "', '") + "']"
}

func zoneInput(p *api.Params) dns.ZoneInput {
	return dns.ZoneInput{
		Name: p.Text("name"), Group: p.Small("zone_group"), Type: p.Text("zone_type"),
		Forwarders: p.Text("forwarders"), ViewIDs: p.Integers("view_ids"),
	}
}

func (a *API) zones() []api.Route {
	return api.Resources[dnsmodel.Zone, dnsmodel.ZoneFilter, zoneBody]{
		Kind: api.Zone, Path: "/dns/zones", Key: "zones", Access: api.AccessUser, Reads: reads, ReadNarrow: true,
		Filter: func(q *api.Params) dnsmodel.ZoneFilter {
			return dnsmodel.ZoneFilter{
				ID: q.Integer("id"), Name: api.Given(q.Text("name")), Group: q.Small("zone_group"), Type: api.Given(q.Text("zone_type")),
			}
		},
		List: a.DNS.Zones, Read: a.DNS.Zone, Item: zoneFor,
		Changed: func(row dnsmodel.Zone) domain.Position { return row.Changed },

		MayCreate: api.Always(access.AddZone()),
		May: func(row dnsmodel.Zone, operation access.Operation) access.Right {
			return access.On(row.Target, operation)
		},
		Create: func(w *api.Request) (domain.Command, error) { return dns.NewCreateZone(zoneInput(w.Params)) },
		Update: func(w *api.Request) (domain.Command, error) {
			return dns.NewUpdateZone(w.ID, zoneInput(w.Params), w.IfMatch)
		},
		Delete: func(w *api.Request) (domain.Command, error) { return dns.NewDeleteZone(w.ID, w.IfMatch) },
		Input:  api.Reads(zoneInput),
		Takes:  dns.CreateZone{}.Allocates(),
	}.Routes()
}

package v1

import (
	"encoding/json"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// fleetBody is the NS set of zones without their own on the wire. Addresses are a list, or
// the text [mastersAddresses].
type fleetBody struct {
	NS        []string `json:"ns"`
	Addresses any      `json:"addresses"`
}

// mastersAddresses stands for the addresses of the masters that serve.
const mastersAddresses = "masters"

func (a *API) showFleet(c echo.Context) error {
	fleet, err := a.DNS.Fleet(c.Request().Context())
	if err != nil {
		return err
	}
	body := fleetBody{NS: append([]string{}, fleet.NS...), Addresses: mastersAddresses}
	if list := fleet.Addresses; len(list) > 0 {
		body.Addresses = list
	}
	return api.Show(c, fleet.Changed, body)
}

func (a *API) changeFleet() api.Write {
	keys := api.Names{"ns", "addresses"}
	return api.Write{Right: api.Always(access.Administer()), Keys: keys, Command: func(w *api.Request) (domain.Command, error) {
		in := dns.FleetInput{NS: texts(w.Params, "ns")}
		if raw := w.Object["addresses"]; string(raw) == `"`+mastersAddresses+`"` {
			in.Addresses = dns.Setting[[]string]{Given: true}
		} else {
			in.Addresses = texts(w.Params, "addresses")
		}
		if w.Err != nil {
			return nil, w.Err
		}
		return dns.NewChangeFleet(in, w.IfMatch)
	}}
}

// texts reads a list of texts for which null is a value: it stands for the default.
func texts(p *api.Params, name string) dns.Setting[[]string] { return textsIn(p, "", name) }

// textsIn is texts for a member of an object. Prefix is what the object is called.
func textsIn(p *api.Params, prefix, member string) dns.Setting[[]string] {
	raw, given := p.Object[member]
	name := prefix + member
	if !given || string(raw) == "null" {
		return dns.Setting[[]string]{Given: given}
	}
	elements, isList := api.Elements(raw)
	if !isList {
		p.Refuse(name, "must be a list of texts")
		return dns.Setting[[]string]{}
	}
	list := make([]string, 0, len(elements))
	for _, element := range elements {
		list = append(list, elementText(p, name, element))
	}
	return dns.Setting[[]string]{Given: true, Value: &list}
}

func elementText(p *api.Params, name string, element json.RawMessage) string {
	if element[0] != '"' {
		p.Refuse(name, "must be a list of texts")
		return ""
	}
	return api.Given(p.JSONText(name, element))
}

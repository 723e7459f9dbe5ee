package v1

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// settingsBody is a zone's settings on the wire: what holds, defaults included. The
// primary name server's default is generated and may differ between views: it is null.
type settingsBody struct {
	SOA           soaBody `json:"soa"`
	DefaultTTL    uint32  `json:"default_ttl"`
	SerialAtLeast *uint32 `json:"serial_at_least"`
	// PTR is absent for zones that are for the names of no addresses.
	PTR *ptrBody `json:"ptr,omitempty"`
}

type ptrBody struct {
	From []string `json:"from"`
}

type soaBody struct {
	MName   *string `json:"mname"`
	RName   string  `json:"rname"`
	Refresh uint32  `json:"refresh"`
	Retry   uint32  `json:"retry"`
	Expire  uint32  `json:"expire"`
	Minimum uint32  `json:"minimum"`
}

func settingsFor(zone dnsmodel.Zone, s dns.ZoneSettings) settingsBody {
	timers := s.Timers()
	body := settingsBody{DefaultTTL: s.TTL(), SerialAtLeast: s.SerialAtLeast, SOA: soaBody{
		RName: s.Mailbox(zone.Name), Refresh: timers.Refresh, Retry: timers.Retry, Expire: timers.Expire, Minimum: timers.Minimum,
	}}
	if s.MName != "" {
		body.SOA.MName = &s.MName
	}
	if _, reverse := dns.ReversePrefix(zone.Name); reverse {
		body.PTR = &ptrBody{From: append([]string{}, s.KeptFrom()...)}
	}
	return body
}

func (a *API) showSettings(c echo.Context) error {
	id, err := api.PathID(c, api.Zone)
	if err != nil {
		return err
	}
	zone, err := a.DNS.Zone(c.Request().Context(), id)
	if err != nil {
		return api.Found(api.Zone, id, err)
	}
	if err := api.Caller(c).Require(access.On(zone.Target, access.OperationAccess)); err != nil {
		return err
	}
	if err := dns.HaveSettings(zone.Group); err != nil {
		return err
	}
	settings, err := a.DNS.ZoneSettings(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return api.Show(c, settings.Changed, settingsFor(zone, settings.ZoneSettings))
}

func (a *API) changeSettings() api.Write {
	return api.Write{
		Kind: api.Zone,
		Keys: api.Names{"soa", "default_ttl", "serial_at_least", "ptr"},
		Right: func(w *api.Request) (access.Right, error) {
			zone, err := a.DNS.Zone(w.Context(), w.ID)
			return access.On(zone.Target, access.OperationUpdate), api.Found(api.Zone, w.ID, err)
		},
		Command: func(w *api.Request) (domain.Command, error) {
			in, err := readSettings(w)
			if err != nil {
				return nil, err
			}
			var present []uint32
			if in.SerialAtLeast.Value != nil {
				if present, err = a.DNS.Serials(w.Context(), w.ID); err != nil {
					return nil, err
				}
			}
			return dns.NewChangeZoneSettings(w.ID, in, present, w.IfMatch)
		},
	}
}

func readSettings(w *api.Request) (in dns.ZoneSettingsInput, err error) {
	p := w.Params
	in.DefaultTTL, in.SerialAtLeast = number(p, "", "default_ttl"), number(p, "", "serial_at_least")
	soa, err := settingsIn(w, "soa", "mname", "rname", "refresh", "retry", "expire", "minimum")
	if err != nil {
		return in, err
	}
	ptr, err := settingsIn(w, "ptr", "from")
	if err != nil {
		return in, err
	}
	in.PTRFrom = textsIn(ptr, "ptr.", "from")
	in.MName, in.RName = text(soa, "soa.", "mname"), text(soa, "soa.", "rname")
	in.Refresh, in.Retry = number(soa, "soa.", "refresh"), number(soa, "soa.", "retry")
	in.Expire, in.Minimum = number(soa, "soa.", "expire"), number(soa, "soa.", "minimum")
	return in, cmp.Or(p.Err, soa.Err, ptr.Err)
}

// settingsIn reads a member that is an object. In the place of the object null stands for all its
// members.
func settingsIn(w *api.Request, name string, keys ...string) (*api.Params, error) {
	object := &api.Params{Object: map[string]json.RawMessage{}}
	switch raw, given := w.Params.Object[name]; {
	case !given:
	case string(raw) == "null":
		for _, key := range keys {
			object.Object[key] = raw
		}
	default:
		read, err := api.ReadObject(raw)
		if err != nil {
			return nil, domain.Invalid(name, "must be an object")
		}
		object = &read
	}
	return object, w.Inspect(object, keys, name)
}

// text and number read a member for which null is a value: it stands for the default. Prefix
// is what the member's object is called.
func text(p *api.Params, prefix, name string) dns.Setting[string] {
	raw, given := p.Object[name]
	if !given || string(raw) == "null" {
		return dns.Setting[string]{Given: given}
	}
	if raw[0] != '"' || string(raw) == `""` {
		p.Refuse(prefix+name, "must be a text, or null")
		return dns.Setting[string]{}
	}
	return dns.Setting[string]{Given: true, Value: p.JSONText(prefix+name, raw)}
}

func number(p *api.Params, prefix, name string) dns.Setting[int64] {
	raw, given := p.Object[name]
	if !given || string(raw) == "null" {
		return dns.Setting[int64]{Given: given}
	}
	n, ok := api.ParseInteger(strings.Trim(string(raw), `"`))
	if !ok {
		p.Refuse(prefix+name, "must be an integer, or null")
	}
	return dns.Setting[int64]{Given: true, Value: &n}
}

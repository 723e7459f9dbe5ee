package v1

import (
	"cmp"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/recordreplace"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// placesOfReplacements bounds how many replacements are in work at once: each may look at all
// records, and is as large as a batch.
func placesOfReplacements() *api.Places {
	return api.NewPlaces(api.PlaceLimits{What: "replacements", Most: 2, Each: 1, Line: 2})
}

// replacedBody is the reply to a replacement that was carried out.
type replacedBody struct {
	Message string `json:"message"`
	// Changed are how many records were changed, Zones of how many zones they are.
	Changed int `json:"changed"`
	Zones   int `json:"zones"`
}

// replaceRecords changes the value or the TTL of all records that are found.
func (a *API) replaceRecords() api.Write {
	return api.Write{
		Places: placesOfReplacements(), Unversioned: true, Keys: api.Names{"find", "set", "zones"},
		Command: a.replacement,
		Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
			aboutMany(w)
			body, zones := replacedBody{Message: "OK"}, map[int64]bool{}
			for _, r := range receipt.Events {
				if e, ok := r.Event.(dns.RecordUpdated); ok {
					body.Changed++
					zones[e.ZoneID] = true
				}
			}
			body.Zones = len(zones)
			return body, nil
		},
	}
}

// aboutMany takes out of the reply what names one resource.
func aboutMany(w *api.Request) {
	w.Header().Del(api.HeaderETag)
	w.Header().Del(echo.HeaderLocation)
	w.Header().Del(api.HeaderID)
}

const tooManyFound = api.TooLarge("more than 10,000 records were found, which is more than one change may have: find fewer, by zones for instance")

// replacement finds the records, of those that the caller sees.
func (a *API) replacement(w *api.Request) (domain.Command, error) {
	in, err := readReplacement(w)
	if err != nil {
		return nil, err
	}
	find, set, err := recordreplace.Parse(in)
	if err != nil {
		return nil, err
	}
	if _, err := a.AwaitHead(w.Context(), domain.ContextDNS); err != nil {
		return nil, err
	}
	replacement := recordreplace.New(find, set)
	with := dnsmodel.RecordsWith{
		Type: find.Type, ViewName: find.View, Host: find.Host, TTL: find.TTL, Types: find.Types(), Zones: find.Zones,
	}
	err = a.DNS.EachRecord(w.Context(), w.Viewer(), with, func(r dnsmodel.Record) error {
		return replacement.See(recordreplace.Found{
			ID: r.ID, ZoneID: r.ZoneID, Changed: r.Changed, Zone: r.Zone.Name, View: r.ViewName, RecordData: r.RecordData,
		})
	})
	if errors.Is(err, recordreplace.ErrTooManyChanges) {
		return nil, tooManyFound
	}
	if err != nil {
		return nil, err
	}
	cmd, err := replacement.Command()
	return replacing{cmd}, err
}

// replacing is a replacement whose records are found anew where some have changed since.
type replacing struct{ recordreplace.Command }

// Decide implements [domain.Command].
func (c replacing) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := c.Command.Decide(h, env)
	if errors.Is(err, recordreplace.ErrStale) {
		err = api.ErrStale
	}
	return events, err
}

func readReplacement(w *api.Request) (in recordreplace.Input, err error) {
	find, err := objectIn(w, "find", "value", "ttl", "type", "host", "view")
	if err != nil {
		return in, err
	}
	set, err := objectIn(w, "set", "value", "ttl")
	if err != nil {
		return in, err
	}
	in.Find.Value, in.Find.Type, in.Find.Host = filled(find, "value"), filled(find, "type"), filled(find, "host")
	in.Find.View, in.Find.TTL = filled(find, "view"), seconds(find)
	in.Set.Value, in.Set.TTL = filled(set, "value"), seconds(set)
	in.Zones = listOf(w.Params, "zones")
	return in, cmp.Or(within("find", find.Err), within("set", set.Err))
}

// objectIn reads a member of the body that is an object with some of the keys.
func objectIn(w *api.Request, name string, keys ...string) (*api.Params, error) {
	raw := member(w.Params, name)
	if raw == nil {
		return nil, domain.Invalid(name, "is required")
	}
	object, err := api.ReadObject(raw)
	if err != nil {
		return nil, domain.Invalid(name, "must be an object")
	}
	return &object, w.Inspect(&object, keys, name)
}

// filled reads a text that may be left out. An empty one is refused: it would stand for all, as
// where a script has a variable that is not set.
func filled(p *api.Params, name string) *string {
	text := p.GivenText(name)
	if text != nil && *text == "" {
		p.Refuse(name, "不能为空！")
	}
	return text
}

// seconds reads a TTL.
func seconds(p *api.Params) *uint32 {
	text := p.Scalar("ttl")
	if _, given := p.Value("ttl"); given && text == nil {
		p.Refuse("ttl", "不能为空！")
	}
	if text == nil {
		return nil
	}
	ttl, err := dns.ParseTTL(*text)
	if err != nil && p.Err == nil {
		p.Err = err
	}
	return &ttl
}

// within returns an error about a member of an object as one that names both.
func within(object string, err error) error {
	var refused *domain.Error
	if !errors.As(err, &refused) {
		return err
	}
	return refused.Of(object + "." + refused.Field)
}

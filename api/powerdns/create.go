package powerdns

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// createZone makes a zone in a view, with its RRsets, or links the view to the zone of that name.
func (a *API) createZone() api.Write {
	return a.each(createKeys, func(w *writing) api.Write {
		return api.Write{Unversioned: true, Takes: dns.CreateZone{}.Allocates(), Command: w.create, Reply: w.created}
	})
}

func (w *writing) create(r *api.Request) (domain.Command, error) {
	if err := w.begin(r.Context(), false); err != nil {
		return nil, err
	}
	at, err := w.serverNamed(r.Context(), r.Caller, r.PathText("server"))
	if err != nil {
		return nil, err
	}
	name, err := newName(r.Params)
	if err != nil {
		return nil, err
	}
	view, linked, err := w.newPlace(r, at, name)
	if err != nil {
		return nil, err
	}
	if r.Params.Text("kind") == nil {
		return nil, noString("kind")
	}
	if err := checkKind(r.Params, zonedata.Absolute(name)); err != nil {
		return nil, err
	}
	if r.Params.Text("zone") != nil { // which may be a line that stands for many records
		if err := w.take(r.Context(), r, manyRecords); err != nil {
			return nil, err
		}
	}
	in := newSetsInput(name, r.Caller)
	if err := in.readNew(r.Context(), r.Params); err != nil {
		return nil, err
	}
	if err := w.take(r.Context(), r, in.records()); err != nil {
		return nil, err
	}
	return w.making(r.Context(), name, view, linked, in.sets)
}

// newName reads the name of a new zone.
func newName(p *api.Params) (string, error) {
	given, err := text(p, "name")
	if err != nil {
		return "", err
	}
	if _, err := canonical(given); err != nil {
		return "", err
	}
	name, err := dns.ParseZoneName(strings.ToLower(strings.TrimSuffix(given, ".")))
	if why, refused := wordsOf(err); refused {
		return "", domain.Refused("Unable to parse DNS Name '%s': %s", domain.Shown(given), why)
	}
	return name, err
}

// newPlace is the view that a new zone comes into, and the zone if it is there without that view. Who
// may add none is told so, whether there is a zone that they do not see or none.
func (w *writing) newPlace(r *api.Request, at server, name string) (view dnsmodel.View, linked *place, err error) {
	zone, taken, err := w.holderOf(r.Context(), name)
	if err != nil {
		return view, nil, err
	}
	views, err := w.views(r.Context())
	if err != nil {
		return view, nil, err
	}
	hidden := taken && (zone.ID == 0 || !r.Caller.MayAlone(access.On(zone.Target, access.OperationAccess)))
	if !taken || hidden {
		if err := r.Caller.Require(access.AddZone()); err != nil {
			return view, nil, err
		}
	}
	for _, v := range views {
		if v.ID == at.view || at.view == 0 && len(views) == 1 {
			view = v
		}
	}
	switch {
	case hidden, taken && dns.HaveZoneFile(zone.ZoneData) != nil, taken && at.view == 0:
		return view, nil, errExists()
	case view.ID == 0:
		return view, nil, domain.Refused("there are several views, or none: name one as the server, or give the credential a view")
	case !taken:
		return view, nil, nil
	}
	for _, id := range zone.ViewIDs {
		if id == view.ID {
			return view, nil, errExists()
		}
	}
	if err := r.Caller.Require(access.On(zone.Target, access.OperationUpdate)); err != nil {
		return view, nil, err
	}
	return view, &place{Zone: zone, server: at, view: view.ID, viewName: view.Name}, nil
}

// holderOf finds the zone of a name that name servers hold, whoever may see it. Nothing is known of one
// that the read model does not have yet.
func (w *writing) holderOf(ctx context.Context, name string) (zone dnsmodel.Zone, taken bool, err error) {
	holder := dns.NewZoneNamed(name)
	if _, err := w.Store.Load(ctx, holder); err != nil || holder.HeldBy() == 0 {
		return zone, false, err
	}
	zone, err = w.DNS.Zone(ctx, holder.HeldBy())
	if errors.Is(err, query.ErrNotFound) {
		err = nil
	}
	return zone, true, err
}

// errExists is the 409 of a zone that is there.
func errExists() error { return domain.Conflict("Conflict") }

// making is the command that makes the zone, or links it to the view, with its RRsets.
func (w *writing) making(
	ctx context.Context, name string, view dnsmodel.View, linked *place, wanted []zoneupdate.Set,
) (domain.Command, error) {
	at := place{Zone: dnsmodel.Zone{ZoneData: dns.ZoneData{Name: name}}, view: view.ID, viewName: view.Name}
	master := dns.ZoneMaster
	create, err := dns.NewCreateZone(dns.ZoneInput{Name: &name, Type: &master, ViewIDs: &[]int64{view.ID}})
	first := batch.Of(create, err)
	if linked != nil {
		at = *linked
		link, err := linking(at, append([]int64{view.ID}, at.ViewIDs...))
		first = batch.Of(link, err)
	}
	target, err := w.target(ctx, at)
	if err != nil {
		return nil, err
	}
	return newChange(first, zoneupdate.NewSets(target, wanted), at.ID, &w.refused)
}

// readNew reads the RRsets of a new zone: a list, or the text of a zone, and name servers.
func (in *setsInput) readNew(ctx context.Context, p *api.Params) error {
	given, err := in.readAll(p)
	if err != nil {
		return err
	}
	if zone := p.Text("zone"); zone != nil {
		if given {
			return domain.Refused("You cannot give rrsets AND zone data as text")
		}
		if err := in.readZone(ctx, *zone); err != nil {
			return err
		}
	}
	if p.Err != nil {
		return p.Err
	}
	return in.readNameServers(p)
}

// readZone reads the text of a zone.
func (in *setsInput) readZone(ctx context.Context, zone string) error {
	file, err := zonefile.Read(ctx, strings.NewReader(zone), in.zone, maxRecords)
	if err != nil {
		return err
	}
	at := map[seenSet]int{}
	for _, r := range file.All() {
		value, err := zonefile.Value(in.zone, r.Type, r.Written)
		if err != nil {
			return err
		}
		key := seenSet{dns.FoldName(r.Host), dns.TypeName(r.Type), changeReplace}
		i, begun := at[key]
		if !begun {
			i = len(in.sets)
			at[key], in.seen[key] = i, true
			if err := in.add(zoneupdate.Set{Host: strings.Clone(r.Host), Type: dns.TypeName(r.Type), TTL: r.TTL}); err != nil {
				return err
			}
		}
		record, err := zoneupdate.NewSetRecord(in.zone, dns.TypeName(r.Type), value)
		if err != nil {
			return err
		}
		in.sets[i].Records = append(in.sets[i].Records, record)
	}
	return nil
}

// readNameServers reads the name servers of a new zone.
func (in *setsInput) readNameServers(p *api.Params) error {
	list, given, err := elements(p, "nameservers")
	if _, there := p.Value("nameservers"); err == nil && there && !given {
		err = domain.Refused("Nameservers is not a list")
	}
	if err != nil || len(list) == 0 {
		return err
	}
	if in.seen[seenSet{dns.Apex, "NS", changeReplace}] {
		return domain.Refused("Nameservers list MUST NOT be mixed with zone-level NS in rrsets")
	}
	set := zoneupdate.Set{Host: dns.Apex, Type: "NS", TTL: dns.ZoneSettings{}.TTL()}
	for _, raw := range list {
		name := p.JSONText("nameservers", raw)
		switch {
		case name == nil:
			return p.Err
		case *name == "":
			return domain.Refused("Nameservers must be non-empty strings")
		case !strings.HasSuffix(*name, "."):
			return domain.Refused("Nameserver is not canonical: '%s'", domain.Shown(*name))
		}
		r, err := recordOf(in.zone, set.Type, *name)
		if err != nil {
			return refusedRecord(zonedata.Absolute(in.zone), set.Type, *name, err)
		}
		set.Records = append(set.Records, r)
	}
	return in.add(set)
}

// newBody is the reply to a new zone.
type newBody struct {
	wholeBody
	RRsets *[]rrsetBody `json:"rrsets,omitempty"`
}

// created shows the zone that was made, or linked.
func (w *writing) created(r *api.Request, receipt eventstore.Receipt) (any, error) {
	q := api.ReadQuery(r.HTTP())
	without := rrsetsFlag(q)
	if q.Err != nil {
		return nil, q.Err
	}
	at, err := w.serverNamed(r.Context(), r.Caller, r.PathText("server"))
	if err != nil {
		return nil, err
	}
	r.Status = http.StatusCreated
	p := madeBy(at, receipt)
	r.Header().Set(echo.HeaderLocation, urlOf(at.name, p.Zone.Name))
	r.Header().Set(api.HeaderID, strconv.FormatInt(p.ID, 10))
	sets := []rrsetBody{}
	body := newBody{wholeBody: wholeFor(p, 0), RRsets: &sets}
	err = w.content(r.Context(), p, func(content *dnsmodel.Content) error {
		body.wholeBody = wholeFor(p, content.Serial)
		return eachSet(content, setsFilter{}, r.Caller, func(set rrsetBody) error {
			sets = append(sets, set)
			return nil
		})
	})
	if refused, is := errors.AsType[*domain.Error](err); is && refused.Code == domain.CodeNotFound { // the read model is behind: it is in the log
		err = nil
	}
	if without {
		body.RRsets = nil
	}
	return body, err
}

// madeBy is the zone that events made, or linked to the view of a server.
func madeBy(at server, receipt eventstore.Receipt) place {
	p := place{server: at, view: at.view}
	for _, r := range receipt.Events {
		switch e := r.Event.(type) {
		case dns.ZoneCreated:
			p.Zone = dnsmodel.Zone{ID: e.ID, ZoneData: e.Zone}
			p.view = e.Zone.ViewIDs[0]
		case dns.ZoneUpdated:
			p.Zone = dnsmodel.Zone{ID: e.ID, ZoneData: e.After}
		}
	}
	return p
}

package v1

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
	"github.com/opsledger/opsledger/domain/dns/zoneimport"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// mediaZone is the type of zone text (RFC 4027).
const mediaZone = "text/dns"

// maxZoneFile is how large a zone file may be in bytes.
const maxZoneFile = 64 << 20

func viewText(q *api.Params) *string { return q.Text("view") }
func modeText(q *api.Params) *string { return q.Text("mode") }

func (a *API) exportRoute(reads []domain.Context) api.Route {
	r := api.Get("/v1/zones/:id/export", api.AccessUser, reads, a.exportZone).WithQuery(api.Reads(viewText))
	r.Limit = api.LimitOfStream
	return r
}

// exportZone sends what a zone serves in a view, in canonical order.
func (a *API) exportZone(c echo.Context) error {
	id, err := api.PathID(c, api.Zone)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	zone, err := a.DNS.Zone(ctx, id)
	if err != nil {
		return api.Found(api.Zone, id, err)
	}
	if err := api.Caller(c).Require(access.On(zone.Target, access.OperationAccess)); err != nil {
		return err
	}
	view, err := viewOf(api.ReadQuery(c.Request()), zone)
	if err != nil {
		return err
	}
	if err := cmp.Or(api.Caller(c).RequireView(view.id), api.Caller(c).RequireWholeZone()); err != nil {
		return err
	}
	leave, err := a.exports.Take(ctx, api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	out := api.NewStream(c, mediaZone, a.Still(c))
	err = a.DNS.Content(ctx, id, view.id, func(content *dnsmodel.Content) error { return writeZone(content, out.Line) })
	if errors.Is(err, query.ErrNotFound) { // it was unlinked from the view, or deleted, a moment ago
		err = api.Unavailable("the zone has just changed, try again")
	}
	return out.End(err)
}

func writeZone(c *dnsmodel.Content, line func(string) error) error {
	text, err := zonedata.NewText(c.Zone, line)
	if err != nil {
		return err
	}
	name := dns.FoldName(c.Name)
	err = c.All(func(r dnsmodel.Record) error {
		key, data, err := zonedata.Locate(name, r.RecordData)
		if err != nil {
			return err
		}
		return text.Add(key, zonedata.Record{ID: r.ID, TTL: r.TTL, Data: data})
	})
	if err != nil {
		return err
	}
	return text.End()
}

// namedView is a view of a zone.
type namedView struct {
	id   int64
	name string
}

// viewOf returns the view that a request about a zone's file names, or the zone's only one.
func viewOf(q *api.Params, zone dnsmodel.Zone) (namedView, error) {
	if err := dns.HaveZoneFile(zone.ZoneData); err != nil {
		return namedView{}, err
	}
	name := viewText(q)
	switch {
	case q.Err != nil:
		return namedView{}, q.Err
	case len(zone.ViewIDs) == 0:
		return namedView{}, domain.Refused("the zone is in no view")
	case name == nil && len(zone.ViewIDs) > 1:
		return namedView{}, domain.Invalid("view", "is required: the zone is in %d views", len(zone.ViewIDs))
	case name == nil:
		return namedView{zone.ViewIDs[0], zone.ViewNames[0]}, nil
	}
	at := slices.Index(zone.ViewNames, *name)
	if at < 0 {
		return namedView{}, domain.Invalid("view", "the zone is in no view %q", api.PrintableName(*name))
	}
	return namedView{zone.ViewIDs[at], *name}, nil
}

func (a *API) importRoute() api.Route {
	r := api.Post("/v1/zones/:id/import", api.AccessUser, a.importZone()).WithQuery(api.Reads(viewText).And(api.Reads(modeText)))
	r.Body = api.BodyLimit{Bytes: maxZoneFile, Streamed: true}
	r.Limit = api.LimitOfStream
	return r
}

// importedBody is the reply to an import that was carried out.
type importedBody struct {
	Message   string `json:"message"`
	Added     int    `json:"added"`
	Changed   int    `json:"changed"`
	Removed   int    `json:"removed"`
	Unchanged int    `json:"unchanged"`
}

// importZone makes a zone in a view what a master file says.
func (a *API) importZone() api.Write {
	return api.Write{Kind: api.Zone, Places: a.imports, DryRun: true, Choose: func(*api.Request) (api.Write, error) {
		i := &zoneImport{API: a}
		return api.Write{
			Kind: api.Zone, DryRun: true, Unversioned: true,
			Right: i.right, Body: i.read, Command: i.command,
			Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
				w.Header().Del(api.HeaderETag) // it is about many resources
				w.Header().Del(echo.HeaderLocation)
				w.Header().Del(api.HeaderID)
				return i.reply(receipt), nil
			},
		}, nil
	}}
}

// zoneImport is one import on its way.
type zoneImport struct {
	*API
	view namedView
	mode zoneimport.Mode
	file *zonefile.File
	// refused is why the file could not be read.
	refused error
}

func (i *zoneImport) right(w *api.Request) (access.Right, error) {
	zone, err := i.DNS.Zone(w.Context(), w.ID)
	return access.OnRecords(zone.Target, access.OperationUpdate), api.Found(api.Zone, w.ID, err)
}

// read reads the file, of which no more is kept than could be imported.
func (i *zoneImport) read(w *api.Request, body io.Reader) error {
	mode := modeText(w.Params)
	switch {
	case w.Err != nil:
		return w.Err
	case mode == nil || *mode != string(zoneimport.Merge) && *mode != string(zoneimport.Replace):
		return domain.Invalid("mode", "must be merge or replace")
	}
	i.mode = zoneimport.Mode(*mode)
	zone, err := i.DNS.Zone(w.Context(), w.ID)
	if err != nil {
		return api.Found(api.Zone, w.ID, err)
	}
	if i.view, err = viewOf(w.Params, zone); err != nil {
		return err
	}
	if err := w.Caller.RequireView(i.view.id); err != nil {
		return err
	}
	most := zoneimport.MaxChanges
	err = i.content(w.Context(), w.ID, func(c *dnsmodel.Content) error {
		most += int(c.Records)
		for _, set := range c.Sets {
			most += len(set.Data)
		}
		return nil
	})
	if err != nil {
		return err
	}
	i.file, err = zonefile.Read(w.Context(), body, zone.Name, most)
	var refused *zonefile.Error
	var many *zonefile.TooManyError
	switch {
	case errors.As(err, &refused):
		i.refused, err = refused, nil
	case errors.As(err, &many) && many.Most == most:
		return tooManyChanges
	}
	return cmp.Or(err, i.covered(w.Caller, zone))
}

// covered refuses a file with records outside of the bounds of the caller's credential. A
// record that is there already changes nothing, so that the bounds of what is decided would
// not see it; and whether it is there is not for that credential.
func (i *zoneImport) covered(who *identity.User, zone dnsmodel.Zone) error {
	if who.Credential == nil || i.file == nil {
		return nil
	}
	for _, r := range i.file.Records {
		if err := who.RequireRecord(dns.FullName(r.Host, zone.Name), dns.TypeName(r.Type)); err != nil {
			return err
		}
	}
	return nil
}

const tooManyChanges = api.TooLarge("the import makes more than 10,000 changes, which is not possible yet")

// content has f read the zone. A zone that went a moment ago is not there.
func (i *zoneImport) content(ctx context.Context, id int64, f func(*dnsmodel.Content) error) error {
	return api.Found(api.Zone, id, i.DNS.Content(ctx, id, i.view.id, f))
}

// command compares the file with what the zone has now.
func (i *zoneImport) command(w *api.Request) (domain.Command, error) {
	if i.refused != nil {
		return nil, i.refused
	}
	if err := i.AwaitHead(w.Context(), domain.ContextDNS); err != nil {
		return nil, err
	}
	serials, err := i.DNS.Serials(w.Context(), w.ID)
	if err != nil {
		return nil, err
	}
	var cmd zoneimport.Command
	err = i.content(w.Context(), w.ID, func(c *dnsmodel.Content) (err error) {
		comparison, err := zoneimport.Compare(i.file, i.mode, zoneimport.Target{
			ZoneID: w.ID, ViewName: c.ViewName, Zone: c.Zone, Own: c.Own, Serials: serials,
		})
		if err != nil {
			return err
		}
		err = c.All(func(r dnsmodel.Record) error {
			return comparison.Present(zoneimport.Present{ID: r.ID, Changed: r.Changed, RecordData: r.RecordData})
		})
		if err != nil {
			return err
		}
		cmd, err = comparison.Command()
		return err
	})
	if errors.Is(err, zoneimport.ErrTooManyChanges) {
		return nil, tooManyChanges
	}
	return again{cmd}, err
}

// again is an import whose command is made anew where records have changed since.
type again struct{ zoneimport.Command }

// Decide implements [domain.Command].
func (c again) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := c.Command.Decide(h, env)
	if errors.Is(err, zoneimport.ErrStale) {
		err = api.ErrStale
	}
	return events, err
}

// reply counts what was done. It follows from the file and the events, so that a repeat gets the
// reply that the first one got.
func (i *zoneImport) reply(receipt eventstore.Receipt) importedBody {
	body := importedBody{Message: "OK"}
	for _, r := range receipt.Events {
		switch r.Event.(type) {
		case dns.RecordAdded:
			body.Added++
		case dns.RecordUpdated:
			body.Changed++
		case dns.RecordDeleted:
			body.Removed++
		}
	}
	body.Unchanged = len(i.file.Records) - body.Added - body.Changed
	return body
}

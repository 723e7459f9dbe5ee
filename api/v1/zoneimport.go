package v1

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
	"github.com/opsledger/opsledger/domain/dns/zoneimport"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// maxZoneFile is how large a zone file may be in bytes, and maxRecords how many records it may have.
const (
	maxZoneFile = 64 << 20
	maxRecords  = 2_000_000
)

func modeText(q *api.Params) *string { return q.Text("mode") }

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
	return api.Write{Kind: api.Zone, Places: a.imports, Choose: func(*api.Request) (api.Write, error) {
		i := &zoneImport{API: a}
		return api.Write{
			Kind: api.Zone, Unversioned: true,
			Right: i.right, Body: i.read, Command: i.command, Reply: i.answer, End: i.end,
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
	// staged is the import if it is a staged one.
	staged stagedImport
}

func (i *zoneImport) right(w *api.Request) (access.Right, error) {
	zone, err := i.DNS.Zone(w.Context(), w.ID)
	return access.OnRecords(zone.Target, access.OperationUpdate), api.Found(api.Zone, w.ID, err)
}

// read reads the file.
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
	i.file, err = zonefile.Read(w.Context(), body, zone.Name, maxRecords)
	if refused, is := errors.AsType[*zonefile.Error](err); is {
		i.refused, err = refused, nil
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
	for _, r := range i.file.All() {
		if err := who.RequireRecord(dns.FullName(r.Host, zone.Name), dns.TypeName(r.Type)); err != nil {
			return err
		}
	}
	return nil
}

const tooManyChanges = api.TooLarge("the import makes more than 4,000,000 changes")

// content has f read the zone. A zone that went a moment ago is not there.
func (i *zoneImport) content(ctx context.Context, id int64, f func(*dnsmodel.Content) error) error {
	return api.Found(api.Zone, id, i.DNS.Content(ctx, id, i.view.id, f))
}

// command compares the file with what the zone has now.
func (i *zoneImport) command(w *api.Request) (domain.Command, error) {
	if i.refused != nil {
		return nil, i.refused
	}
	if _, err := i.AwaitHead(w.Context(), domain.ContextDNS); err != nil {
		return nil, err
	}
	comparison, staging, err := i.compare(w.Context(), w.ID, i.oneChange())
	if errors.Is(err, zoneimport.ErrTooManyChanges) {
		return nil, tooManyChanges
	}
	if err != nil {
		return nil, err
	}
	if staging != nil {
		return i.stage(w, staging)
	}
	cmd, err := comparison.Command()
	return again{cmd}, err
}

// compare compares the file with what the zone has now. The staging is nil if that makes no more than
// so many changes.
func (i *zoneImport) compare(ctx context.Context, id int64, most int) (comparison *zoneimport.Comparison, staging *staging, err error) {
	serials, err := i.DNS.Serials(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	err = i.content(ctx, id, func(c *dnsmodel.Content) (err error) {
		comparison, err = zoneimport.Compare(i.file, i.mode, zoneimport.Target{
			ZoneID: id, ViewID: i.view.id, ViewName: c.ViewName, Zone: c.Zone, Own: c.Own, Serials: serials,
		})
		if err != nil {
			return err
		}
		if err := showAll(c, comparison.Present); err != nil {
			return err
		}
		if err := c.EachKept(comparison.OfOthers); err != nil {
			return err
		}
		if err := comparison.End(); err != nil || comparison.Len() <= most {
			return err
		}
		staging, err = newStaging(comparison, c, i.StageAbove)
		return err
	})
	return comparison, staging, err
}

// oneChange is how many changes an import makes at most without being staged.
func (a *API) oneChange() int {
	if a.StageAbove > 0 {
		return a.StageAbove
	}
	return zoneimport.MaxChanges
}

// showAll shows the records of a zone.
func showAll(c *dnsmodel.Content, to func(zoneimport.Present) error) error {
	return c.All(func(r dnsmodel.Record) error {
		return to(zoneimport.Present{ID: r.ID, Changed: r.Changed, RecordData: r.RecordData})
	})
}

// again is an import whose command is made anew where records have changed since.
type again struct{ zoneimport.Command }

// Decide implements [domain.Command].
func (c again) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := c.Command.Decide(h, env)
	return events, stale(err)
}

// stale has the kernel make anew what was made from what has changed since.
func stale(err error) error {
	if errors.Is(err, zoneimport.ErrStale) {
		return api.ErrStale
	}
	return err
}

// answer says what was done, or that it has begun. It follows from the file and the events, so that a
// repeat gets the reply that the first one got.
func (i *zoneImport) answer(w *api.Request, receipt eventstore.Receipt) (any, error) {
	aboutMany(w)
	if len(receipt.Events) > 0 {
		if begun, is := receipt.Events[0].Event.(dns.ImportBegun); is {
			return i.begun(w, receipt, begun)
		}
	}
	return i.reply(receipt), nil
}

// reply counts what was done.
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
	body.Unchanged = i.file.Len() - body.Added - body.Changed
	return body
}

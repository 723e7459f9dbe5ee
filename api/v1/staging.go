package v1

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zoneimport"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// Imports carries out imports that make more changes than one change of the log has.
type Imports interface {
	// Claim makes this process the one that imports into a zone, until release is called. The
	// error is a [*domain.Error] where another one is.
	Claim(ctx context.Context, zone int64) (release func(), err error)
	// Carry hands over an import that has begun, and whose zone is claimed.
	Carry(ctx context.Context, j *zoneimport.Job) error
}

// staging is a staging with what it was made from.
type staging struct {
	*zoneimport.Staging
	written domain.Position
}

func newStaging(comparison *zoneimport.Comparison, c *dnsmodel.Content, chunk int) (*staging, error) {
	s, err := comparison.Stage()
	if err != nil {
		return nil, err
	}
	s.Chunk = chunk
	return &staging{Staging: s, written: c.Written}, showAll(c, s.Present)
}

func (s *staging) plan() zoneimport.Plan {
	return zoneimport.Plan{Parts: s.Parts(), Counts: s.Counts(), Settings: s.Settings(), Written: s.written}
}

// stagedImport is what a staged import holds while it begins.
type stagedImport struct {
	plan zoneimport.Plan
	// decide makes the store's request out of a command, for the caller of the import.
	decide func(domain.Command) eventstore.Request
	// release gives back what the import has, and is nil if that is nothing, or somebody else's.
	release func()
}

// stage decides on all that is to be staged, and returns the command that begins it.
func (i *zoneImport) stage(w *api.Request, s *staging) (domain.Command, error) {
	if i.Imports == nil {
		return nil, api.Unavailable("large imports are not possible at the moment, try again")
	}
	template := w.Carrying(nil)
	i.staged.decide = func(c domain.Command) eventstore.Request {
		r := template
		r.Command = c
		return r
	}
	begun := dns.ImportBegun{ZoneID: w.ID, ViewID: i.view.id, Mode: string(i.mode), Read: i.file.Len()}
	// Another import of the zone is what is told of first, whoever has the zone's claim, or a place.
	if _, err := i.Store.Preview(w.Context(), i.staged.decide(dns.NewBeginImport(begun))); err != nil {
		return nil, err
	}
	if err := i.hold(w); err != nil {
		return nil, err
	}
	preview, err := i.Store.Preview(w.Context(), i.staged.decide(s.Staging))
	if err != nil {
		return nil, stale(err)
	}
	i.staged.plan = s.plan()
	begun.Changes = s.Counts().Total()
	return beginning{begun: begun, warnings: preview.Warnings, settings: s.Settings(), parts: s.Parts()}, nil
}

// hold takes a place, and claims the zone, unless the import only looks.
func (i *zoneImport) hold(w *api.Request) error {
	if w.Dry() || i.staged.release != nil {
		return nil
	}
	leave, err := i.API.staged.Take(w.Context(), w.Caller.ID)
	if err != nil {
		return err
	}
	release, err := i.Imports.Claim(w.Context(), w.ID)
	if err != nil {
		leave()
		return err
	}
	i.staged.release = func() { release(); leave() }
	return nil
}

// end gives back what the import has, unless that was handed over.
func (i *zoneImport) end() {
	if i.staged.release != nil {
		i.staged.release()
	}
}

// begun has the import carried out, and says where to look after it. A repeat is only told that.
func (i *zoneImport) begun(w *api.Request, receipt eventstore.Receipt, e dns.ImportBegun) (any, error) {
	id := receipt.First
	if !receipt.Replayed {
		release, again := i.staged.release, i.again(id, e.ZoneID)
		request := i.staged.decide(nil)
		err := i.Imports.Carry(w.Context(), &zoneimport.Job{
			ID: id, ZoneID: e.ZoneID, ViewID: e.ViewID, Actor: request.Actor, Credential: request.Credential, Door: request.Door,
			Plan: i.staged.plan, Again: again, Say: w.Words(), Done: release,
		})
		if err != nil {
			return nil, err // and it is voided as one that nobody carries out
		}
		i.staged = stagedImport{}
	}
	w.Status = http.StatusAccepted
	w.Header().Set(echo.HeaderLocation, "/v1/imports/"+strconv.FormatInt(int64(id), 10))
	w.Header().Set(api.HeaderID, strconv.FormatInt(int64(id), 10))
	return stagedBody{Message: "OK", ID: id, Changes: e.Changes}, nil
}

// stagedBody is the reply to an import that has begun.
type stagedBody struct {
	Message string          `json:"message"`
	ID      domain.Position `json:"id"`
	Changes int             `json:"changes"`
}

// again makes the plan of an import that has begun anew: from here on nothing else changes the zone.
func (i *zoneImport) again(id domain.Position, zone int64) func(context.Context) (zoneimport.Plan, error) {
	decide := i.staged.decide
	return func(ctx context.Context) (zoneimport.Plan, error) {
		_, s, err := i.compare(ctx, zone, -1) // however little that is
		if err != nil {
			return zoneimport.Plan{}, err
		}
		s.Import = id
		if _, err := i.Store.Preview(ctx, decide(s.Staging)); err != nil {
			return zoneimport.Plan{}, err
		}
		return s.plan(), nil
	}
}

// beginning begins a staged import.
type beginning struct {
	begun    dns.ImportBegun
	warnings []domain.Warning
	settings *dns.ChangeZoneSettings
	parts    *zoneimport.Parts
}

// maxShown is how many records a dry run shows of a staged import: enough to fill the difference.
const maxShown = 10_001

// Decide implements [domain.Command].
func (b beginning) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := dns.NewBeginImport(b.begun).Decide(h, env)
	if err != nil {
		return nil, err
	}
	for _, w := range b.warnings {
		env.Warn(w)
	}
	if !env.Preview {
		return events, nil
	}
	env.Warn(domain.Warn("", "the import would make %d changes: it would be staged, see GET /v1/imports/{id}", b.begun.Changes))
	if b.settings != nil {
		changed, err := b.settings.Decide(h, env)
		if err != nil {
			return nil, err
		}
		events = append(events, changed...)
	}
	staged := b.parts.Show(maxShown)
	shown := 0
	for _, e := range staged {
		shown += e.(dns.RecordsStaged).Len()
	}
	if all := b.begun.Changes; shown < all {
		env.Warn(domain.Warn("", "events shows %d of the %d records that would be staged", shown, all))
	}
	return append(events, staged...), nil
}

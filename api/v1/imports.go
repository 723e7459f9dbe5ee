package v1

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// importBody is a staged import on the wire.
type importBody struct {
	ID     domain.Position      `json:"id"`
	ZoneID int64                `json:"zone_id"`
	ViewID int64                `json:"view_id"`
	Mode   string               `json:"mode"`
	State  dnsmodel.ImportState `json:"state"`
	// Reason is why it is void, null if it is not.
	Reason *string `json:"reason"`
	// Read is how many records the file has, Changes how many are to be staged, and Appended
	// how many are.
	Read     int64 `json:"read"`
	Changes  int64 `json:"changes"`
	Appended int   `json:"appended"`
	dns.ImportCounts
	// Position is that of the end of one that is done, null before.
	Position *domain.Position `json:"position"`
	// Errors are why it was refused after it had begun; a file with errors does not begin.
	Errors []dns.ImportError `json:"errors"`
}

func (a *API) showImport(c echo.Context) error {
	id, err := api.PathID(c, api.Import)
	if err != nil {
		return err
	}
	i, zone, err := a.importOf(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if err := a.mayLook(c, i, zone); err != nil {
		return err
	}
	body := importBody{
		ID: i.ID, ZoneID: i.ZoneID, ViewID: i.ViewID, Mode: i.Mode, State: i.State,
		Read: i.Read, Changes: i.Changes, Appended: i.Staged.Total(), ImportCounts: i.Staged, Errors: []dns.ImportError{},
	}
	if i.State == dnsmodel.ImportVoid {
		body.Reason = &i.Reason
		if body.Errors, err = a.errorsOf(c.Request().Context(), i); err != nil {
			return err
		}
	}
	if i.State == dnsmodel.ImportDone {
		body.Position = &i.Ended
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

// mayLook refuses an import to those who may not see its zone and view. A credential for some of
// the zone's records alone sees its own imports, which it could tell the size of.
func (a *API) mayLook(c echo.Context, i dnsmodel.Import, zone dnsmodel.Zone) error {
	who := api.Caller(c)
	if err := cmp.Or(who.Require(access.On(zone.Target, access.OperationAccess)), who.RequireView(i.ViewID)); err != nil {
		return err
	}
	outside := who.RequireWholeZone()
	if outside == nil {
		return nil
	}
	begun, err := a.eventAt(c.Request().Context(), i.ID)
	if err == nil && begun.Credential != who.Credential.ID() {
		return outside
	}
	return err
}

// errorsOf are those of a void import.
func (a *API) errorsOf(ctx context.Context, i dnsmodel.Import) ([]dns.ImportError, error) {
	if i.Reason != dns.VoidRefused {
		return []dns.ImportError{}, nil
	}
	stored, err := a.eventAt(ctx, i.Ended)
	if err != nil {
		return nil, err
	}
	e, err := stored.Decode(a.Store.Codec())
	voided, _ := e.Event.(dns.ImportVoided)
	return append([]dns.ImportError{}, voided.Errors...), err
}

// eventAt is the event of the log at a position.
func (a *API) eventAt(ctx context.Context, at domain.Position) (protocol.Envelope, error) {
	events, err := a.Store.Read(ctx, at-1, 1)
	if err == nil && len(events) == 0 {
		err = fmt.Errorf("the log has no event %d", at)
	}
	if err != nil {
		return protocol.Envelope{}, err
	}
	return events[0], nil
}

// voidImport ends an import without effect.
func (a *API) voidImport() api.Write {
	return api.Write{
		Kind: api.Import, Unversioned: true,
		Right: func(w *api.Request) (access.Right, error) {
			_, zone, err := a.importOf(w.Context(), w.ID)
			return access.OnRecords(zone.Target, access.OperationUpdate), err
		},
		Command: func(w *api.Request) (domain.Command, error) {
			i, _, err := a.importOf(w.Context(), w.ID)
			return dns.NewVoidImport(dns.ImportVoided{Import: i.ID, ZoneID: i.ZoneID, ViewID: i.ViewID, Reason: dns.VoidCancelled}), err
		},
	}
}

// importOf finds an import, and the zone that it is into.
func (a *API) importOf(ctx context.Context, id int64) (i dnsmodel.Import, zone dnsmodel.Zone, err error) {
	if i, err = a.DNS.Import(ctx, domain.Position(id)); err == nil {
		zone, err = a.DNS.Zone(ctx, i.ZoneID)
	}
	return i, zone, api.Found(api.Import, id, err)
}

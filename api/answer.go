package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
)

// The headers of writes and reads that the documents do not know.
const (
	headerPosition    = "Opsledger-Position"
	headerPending     = "Opsledger-Pending"
	headerMinPosition = "Opsledger-Min-Position"
	HeaderIfMatch     = "If-Match"
	HeaderETag        = "ETag"
)

// projectionWait is how long a write waits for the read models, and a read for
// the position that it asks for.
const projectionWait = 2 * time.Second

// answer replies to a write that was carried out, now or when its key was first
// used.
func (k *Kernel) answer(w *Request, receipt eventstore.Receipt) error {
	if receipt.Refusal != nil {
		blame(w.Header(), receipt.Refusal.Field)
		if w.dialect.Send != nil {
			return w.dialect.Send(w.echo, receipt.Refusal.Status, receipt.Refusal.Body)
		}
		return w.echo.Blob(receipt.Refusal.Status, echo.MIMEApplicationJSON, receipt.Refusal.Body)
	}
	for _, recorded := range receipt.Events {
		w.describe(recorded)
	}
	w.remarks().warn(receipt.Warnings...)
	if err := k.await(w, receipt); err != nil {
		return err
	}
	if w.Header().Get(headerPending) == "" { // else the read models have nothing to say
		k.warn(w, eventsOf(receipt), k.hiddenByViews, k.hiddenByCuts, k.strangeStages)
	}
	var info any
	if w.write.Reply != nil {
		var err error
		if info, err = w.write.Reply(w, receipt); err != nil {
			return err
		}
	}
	return w.dialect.send(w.echo, cmp.Or(w.Status, http.StatusOK), w.dialect.Success(info))
}

func eventsOf(receipt eventstore.Receipt) []domain.Event {
	events := make([]domain.Event, len(receipt.Events))
	for i, r := range receipt.Events {
		events[i] = r.Event
	}
	return events
}

// describe sets Location, Opsledger-Id and ETag for what an event created or changed.
func (w *Request) describe(r domain.Recorded) {
	path, id, created := w.dialect.Created(r.Event)
	if created {
		w.Header().Set(echo.HeaderLocation, path)
		w.Header().Set(HeaderID, id)
	}
	if created || changes(r.Event) {
		w.Header().Set(HeaderETag, etag(r.Position))
	}
}

// changes says whether an event makes another version of a resource that was there.
func changes(e domain.Event) bool {
	switch e.(type) {
	case dns.ServerUpdated, dns.ServerSettingsChanged, dns.ViewUpdated, dns.ZoneUpdated, dns.RecordUpdated, dns.BindConfChanged,
		dns.ZoneSettingsChanged, dns.ViewsOrdered, dns.FleetChanged, dns.RolloutPlanned,
		access.UserProfileChanged, access.UserRolesChanged, access.UserPermissionsChanged, access.UserPasswordChanged, access.UserLinked,
		access.RoleChanged, access.PrivilegeChanged,
		ops.MachineUpdated, ops.AttemptAccepted, ops.CancelRequested, ops.AttemptPresumed:
		return true
	default:
		return false
	}
}

// await sets the headers that say where the write stands in the log, and waits
// for the read models.
func (k *Kernel) await(w *Request, receipt eventstore.Receipt) error {
	affected, last, err := k.affected(w.Context(), receipt)
	if err != nil {
		return err
	}
	w.Header().Set(headerPosition, strconv.FormatInt(int64(last), 10))
	wait, cancel := context.WithTimeout(w.Context(), projectionWait)
	defer cancel()
	for of, position := range affected {
		if err := k.Progress.Wait(wait, of, position); err != nil {
			// The change is in the log; that it shows later is no failure.
			w.Header().Set(headerPending, "true")
			break
		}
	}
	return nil
}

// affected returns, by context, the position that the read models must reach
// for the client to see its write, and the position of the write's last event.
// A write that changed nothing stands on what was there before it: what it
// relied on may itself be still on its way to the read models.
func (k *Kernel) affected(ctx context.Context, receipt eventstore.Receipt) (map[domain.Context]domain.Position, domain.Position, error) {
	affected := map[domain.Context]domain.Position{}
	if len(receipt.Events) == 0 {
		head, err := k.Store.Head(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("head of the log: %w", err)
		}
		var last domain.Position
		for of, position := range head.Last {
			affected[of], last = position, max(last, position)
		}
		return affected, last, nil
	}
	for _, recorded := range receipt.Events {
		descriptor, ok := k.Store.Codec().Descriptor(recorded.Event.EventType())
		if !ok {
			return nil, 0, fmt.Errorf("event %d has an unknown type %s", recorded.Position, recorded.Event.EventType())
		}
		affected[descriptor.Context] = recorded.Position
	}
	return affected, receipt.Last, nil
}

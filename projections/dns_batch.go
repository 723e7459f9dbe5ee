package projections

import (
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/rowset"
)

// dnsBatch is the part of the dns state that a batch of events touches, and what
// the batch adds to the operation log.
type dnsBatch struct {
	state   dnsState
	servers *rowset.Set[int64, Server]
	views   *rowset.Set[int64, View]
	zones   *rowset.Set[int64, zoneRow]
	links   *rowset.Set[linkKey, linkRow]
	records *rowset.Set[int64, recordRow]
	// resources are the servers, views and zones, as rights see them.
	resources  *rowset.Set[resourceKey, resourceRow]
	endedLinks []endedLink
	bindConf   *BindConf
	// bindConfWritten says that the batch set bindConf.
	bindConfWritten bool
	oplogs          []Oplog
	// abandoned are the zones that lost a link which records hung on.
	abandoned keys[int64]
	// purging says whether any dead records wait.
	purging bool

	operators map[domain.UserID]string
	location  *time.Location
}

// dnsState is what the model knows beside its rows.
type dnsState struct {
	// lastEvent is the position of the last event applied, 0 for none.
	lastEvent domain.Position
	// zones and records count the visible rows.
	zones, records int64
}

// apply takes the next event.
func (b *dnsBatch) apply(e domain.Recorded) error {
	if e.Prev != b.state.lastEvent {
		return fmt.Errorf("its predecessor is %d, but the last one applied is %d", e.Prev, b.state.lastEvent)
	}
	b.state.lastEvent = e.Position
	switch event := e.Event.(type) {
	case dns.ServerCreated:
		return b.serverCreated(e, event)
	case dns.ServerUpdated:
		return b.serverUpdated(e, event)
	case dns.ServerDeleted:
		return b.serverDeleted(e, event)
	case dns.ServerEnrolled:
		return b.serverEnrolled(e, event.ID, true)
	case dns.ServerWithdrawn:
		return b.serverEnrolled(e, event.ID, false)
	case dns.ViewCreated:
		return b.viewCreated(e, event)
	case dns.ViewUpdated:
		return b.viewUpdated(e, event)
	case dns.ViewDeleted:
		return b.viewDeleted(e, event)
	case dns.ZoneCreated:
		return b.zoneCreated(e, event)
	case dns.ZoneUpdated:
		return b.zoneUpdated(e, event)
	case dns.ZoneDeleted:
		return b.zoneDeleted(e, event)
	case dns.RecordAdded:
		return b.recordAdded(e, event)
	case dns.RecordUpdated:
		return b.recordUpdated(e, event)
	case dns.RecordDeleted:
		return b.recordDeleted(e, event)
	case dns.BindConfChanged:
		return b.bindConfChanged(e, event)
	default:
		return fmt.Errorf("unknown event type %T", e.Event)
	}
}

// log adds the event's entry to the operation log.
func (b *dnsBatch) log(e domain.Recorded, operation, target, name, id, text string) error {
	operator, err := operatorOf(e, b.operators)
	if err != nil {
		return err
	}
	b.oplogs = append(b.oplogs, newOplog(e, operator, operation, target, name, id, text))
	return nil
}

package projections

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Record is a resource record.
type Record struct {
	ID, ZoneID int64
	dns.RecordData
	// ViewName is the current name of the record's view, the line in an external zone.
	ViewName string
	// Creator is the username of who added the record, at Created.
	Creator string
	Created time.Time
	// Changed is the position of the record's last event.
	Changed domain.Position
}

// RecordFilter restricts a list of records; what is nil or empty does not.
type RecordFilter struct {
	ZoneID, ID *int64
	// Host and Value match as substrings, without case.
	Host, Value string
	Type        string
	TTL         *uint32
	// ViewName is the name of a view, or a line.
	ViewName string
}

// Records lists the records of one zone, or of all.
func (r *Reader) Records(ctx context.Context, f RecordFilter, page Page) ([]Record, int, error) {
	return listRecords(f).read(ctx, r, page)
}

func listRecords(f RecordFilter) *listing[Record] {
	l := &listing[Record]{
		columns: recordColumns + ", " + recordViewName,
		from:    "dns.records r USING (id) LEFT JOIN dns.views v ON v.id = r.view_id",
		ids:     "dns.records t", scan: scanRecord,
	}
	counted := "SELECT records FROM dns.state"
	if f.ZoneID != nil {
		l.where("t.zone_id = ?", *f.ZoneID)
		counted = "SELECT coalesce(sum(records), 0) FROM dns.zone_views t" + l.clause()
	}
	conditions := len(l.conditions)
	equal(&l.query, "t.id", f.ID)
	l.containsFolded("t.host", f.Host)
	l.containsFolded("t.value", f.Value)
	l.exact("t.type", f.Type)
	if f.TTL != nil {
		l.where("t.ttl = ?", int64(*f.TTL))
	}
	if f.ViewName != "" {
		l.text("(t.view_id = ANY (ARRAY(SELECT id FROM dns.views WHERE name = ?)) OR t.view_id = 0 AND t.line = ?)", f.ViewName)
	}
	if len(l.conditions) == conditions {
		l.total = counted
	}
	if f.ZoneID != nil {
		l.where(recordOfZoneIsLive, *f.ZoneID)
	} else {
		l.conditions = append(l.conditions, recordIsLive)
	}
	return l
}

// Record returns one record, or [ErrNotFound].
func (r *Reader) Record(ctx context.Context, id int64) (Record, error) {
	return first(r.Records(ctx, RecordFilter{ID: &id}, Page{Number: 1, Size: 1}))
}

const (
	recordColumns  = `r.id, r.zone_id, r.view_id, r.line, r.host, r.type, r.ttl, r.value, r.comment, r.creator, r.created, r.changed`
	recordViewName = `coalesce(v.name, r.line) AS view_name`

	// recordIsLive leaves out the records whose zone or link to a view is gone
	// and which are not purged yet. OFFSET 0 keeps it a test of each row, so that
	// rows come in the order of an index, and a page costs what it shows.
	recordIsLive = `EXISTS (SELECT FROM dns.zone_views l WHERE l.zone_id = t.zone_id AND l.view_id = t.view_id AND l.link = t.link OFFSET 0)`

	// recordOfZoneIsLive is the same for one zone, whose links are looked up once.
	// Bare, the comparison would be taken for rarely true, and the planner would
	// rather sort all of a zone than follow the index to the page's end.
	recordOfZoneIsLive = `coalesce(t.link = ANY (ARRAY(SELECT l.link FROM dns.zone_views l WHERE l.zone_id = ?)), false)`
)

func scanRecord(r *Record) []any {
	d := &r.RecordData
	return []any{&r.ID, &r.ZoneID, &d.ViewID, &d.Line, &d.Host, &d.Type, &d.TTL, &d.Value, &d.Comment, &r.Creator, &r.Created, &r.Changed, &r.ViewName}
}

package projections

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
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
	// Zone is the record's zone and Target the record, as rights see them; lists
	// and Reader.Record fill them in.
	Zone, Target access.Target
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

// Records lists the records of one zone, or of all, that the caller may ACCESS.
func (r *Reader) Records(ctx context.Context, c Caller, f RecordFilter, page Page) ([]Record, int, error) {
	return listRecords(c, f).read(ctx, r, page)
}

func listRecords(c Caller, f RecordFilter) *listing[Record] {
	l := &listing[Record]{
		columns: recordColumns + ", " + recordViewName + ", " + targetColumns + ", " + recordTarget + ", " + manualOn(access.KindRecord, "r.id"),
		from:    "dns.records r USING (id) LEFT JOIN dns.views v ON v.id = r.view_id" + targetJoin(access.KindZone, "r.zone_id"),
		ids:     "dns.records t", scan: scanRecordWithRights,
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
	if !c.all {
		restrictRecords(l, c, f.ZoneID)
	}
	return l
}

// restrictRecords leaves the records of zones that the caller may ACCESS, and
// those that a privilege made by hand is for. A zone is asked about once.
func restrictRecords(l *listing[Record], c Caller, zone *int64) {
	r := l.rightsOf(c)
	granted := r.granted(access.KindRecord)
	if zone == nil {
		l.total = ""
		l.conditions = append(l.conditions, "(t.zone_id IN ("+r.young(access.KindZone)+" UNION ALL "+r.granted(access.KindZone)+") OR t.id IN ("+granted+"))")
		return
	}
	z := l.arg(*zone) + "::bigint"
	may := "(EXISTS (SELECT FROM dns.resources a WHERE a.kind = 2 AND a.id = " + z + " AND a.deleted = " + forEver + " AND " + r.now() + "))"
	l.ids = "(SELECT x.* FROM dns.records x WHERE x.zone_id = " + z + " AND " + may +
		" UNION ALL SELECT x.* FROM dns.records x JOIN (" + granted + ") g ON g.id = x.id WHERE x.zone_id = " + z + " AND NOT " + may + ") t"
	if l.total != "" {
		l.total = "CASE WHEN " + may + " THEN (" + l.total + ") ELSE (SELECT count(*) FROM " + l.ids + l.clause() + ") END"
	}
}

// Record returns one record, or [ErrNotFound].
func (r *Reader) Record(ctx context.Context, id int64) (Record, error) {
	return first(r.Records(ctx, System(), RecordFilter{ID: &id}, Page{Number: 1, Size: 1}))
}

const (
	recordColumns  = `r.id, r.zone_id, r.view_id, r.line, r.host, r.type, r.ttl, r.value, r.comment, r.creator, r.created, r.changed`
	recordViewName = `coalesce(v.name, r.line) AS view_name`
	recordTarget   = `3::bigint AS record_kind, r.id AS record_id, r.host AS record_name`

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

func scanRecordWithRights(r *Record) []any {
	t := &r.Target
	return append(append(scanRecord(r), scanTarget(&r.Zone)...), &t.Kind, &t.ID, &t.Name, &t.Manual)
}

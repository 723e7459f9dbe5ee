package dnsmodel

import (
	"context"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
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
	// Host and Value match as substrings, without case: the host as it is kept or as it is typed.
	Host, Value string
	Type        string
	TTL         *uint32
	// ViewName is the name of a view, or a line.
	ViewName string
}

func (r *Record) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &r.ID),
		table.Col("zone_id", table.Number|table.Fixed, &r.ZoneID),
		table.Col("view_id", table.Number, &r.ViewID),
		table.Col("line", table.Bytewise, &r.Line),
		table.Col("host", table.Bytewise, &r.Host),
		table.Col("type", table.Bytewise, &r.Type),
		table.Col("ttl", table.Number, &r.TTL),
		table.Col("value", table.Bytewise, &r.Value),
		table.Col("literal", table.Flag, &r.Literal),
		table.Col("comment", table.Text, &r.Comment),
		table.Col("creator", table.Text|table.Fixed, &r.Creator),
		table.Col("created", table.Time|table.Fixed, &r.Created),
		table.Col("changed", table.Number, &r.Changed),
	}
}

// shown are the columns of the row r, with the name of the record's view, the row v.
func (r *Record) shown() []table.Column {
	return append(table.Of("r", r.columns()), table.Column{Name: "coalesce(v.name, r.line)", Place: &r.ViewName})
}

// served are the columns of the row r that name servers serve.
func (r *Record) served() []table.Column {
	return table.Of("r", []table.Column{
		table.Col("id", table.Number, &r.ID), table.Col("host", table.Bytewise, &r.Host), table.Col("type", table.Bytewise, &r.Type),
		table.Col("ttl", table.Number, &r.TTL), table.Col("value", table.Bytewise, &r.Value), table.Col("literal", table.Flag, &r.Literal),
	})
}

// listed are those of shown, with what rights on the record follow from.
func (r *Record) listed() []table.Column {
	return slices.Concat(r.shown(), rights.TargetColumns(&r.Zone), []table.Column{
		{Name: "3::bigint", Place: &r.Target.Kind}, {Name: "r.id", Place: &r.Target.ID}, {Name: "r.host", Place: &r.Target.Name},
		{Name: rights.Manual(access.KindRecord, "r.id"), Place: &r.Target.Manual},
	})
}

// listedThen are those of listed in the past, with the name that the zone had.
func (r *Record) listedThen() []table.Column {
	gone := "NOT EXISTS (SELECT FROM dns.records n WHERE n.id = r.id AND " + rights.RecordLivesNow("n") + ")"
	name := "(SELECT n.name FROM " + namesOfZones + " n WHERE n.id = r.zone_id)"
	return append(r.listed(), table.Column{Name: gone, Place: &r.Target.Gone}, table.Column{Name: name, Place: &r.Zone.Name})
}

// recordRow is a row of records.
type recordRow struct {
	Record
	// link is the number of the link that the record hangs on, and ends, unless 0, that of the
	// import whose opening ends it.
	link, ends int64
	// gone says of a row of the past that the record went with its link, and comes back with it.
	gone bool
	// typed is the host's [dns.TypedName], place its [dns.Place]; reverse is the record's [dns.ReversePlace].
	typed, place, reverse string
}

// recordKey names a version of a record: a staged import that changes it makes another one.
type recordKey struct{ id, link int64 }

func (r recordRow) key() recordKey { return recordKey{r.ID, r.link} }

// set gives the record its data.
func (r *recordRow) set(data dns.RecordData) {
	r.RecordData, r.typed, r.place, r.reverse = data, dns.TypedName(data.Host), dns.Place(data.Host), dns.ReversePlace(data)
}

// records: what a zone's records were at a position is found by the blocks of the position,
// however many former ones the zone has.
var records = table.Keeping(table.Table[recordRow]{
	Name: "records", Key: "id, link",
	Columns: func(r *recordRow) []table.Column {
		return append(r.columns(), table.Col("link", table.Number, &r.link), table.Col("ends", table.Number, &r.ends),
			table.Col("gone", table.Flag, &r.gone),
			table.Col("typed", table.Bytewise, &r.typed), table.Col("place", table.Bytewise, &r.place),
			table.Col("reverse", table.Bytewise, &r.reverse))
	},
	Indexes: []string{
		"CREATE INDEX ON {schema}.records (zone_id, id)",
		"CREATE INDEX ON {schema}.records (zone_id, place)",
		"CREATE INDEX ON {schema}.records (view_id, reverse) WHERE reverse <> ''",
	},
}, "CREATE INDEX ON {schema}.records_past (zone_id, block, until, since)")

// sameRecord says that what an import will end is no other state of a record.
func sameRecord(was, is recordRow) bool { return was.Changed == is.Changed }

// Records lists the records of one zone, or of all, that the caller may ACCESS.
func (r *Reader) Records(ctx context.Context, c rights.Caller, f RecordFilter, page query.Page) ([]Record, int, error) {
	return listRecords(query.MomentOf(ctx), c, f).Read(ctx, r.pool, page)
}

// rowsOfThen is rowsOfRecords in the past, where each row of the page looks up its own.
var rowsOfThen = "LATERAL (SELECT * FROM " + records.Where("dns", "id = w.id") + " r WHERE r.id = w.id AND " + rights.RecordLives("r") +
	" OFFSET 0) r ON true LEFT JOIN " + namesOfViews + " v ON v.id = r.view_id"

// rowsOfRecords joins the row r of each wanted id that is the living one of its record, and the
// row v of its view.
var rowsOfRecords = records.In("dns") + " r ON r.id = w.id AND " + rights.RecordLives("r") +
	" LEFT JOIN " + namesOfViews + " v ON v.id = r.view_id"

func listRecords(at query.Moment, c rights.Caller, f RecordFilter) *query.List[Record] {
	l := &query.List[Record]{
		At:      at,
		Columns: (*Record).listed,
		From:    rowsOfRecords + rights.JoinTarget(access.KindZone, "r.zone_id"),
		IDs:     records.In("dns") + " t",
	}
	if at.Past() {
		l.Columns, l.From = (*Record).listedThen, rowsOfThen+rights.JoinTarget(access.KindZone, "r.zone_id")
	}
	counted := "SELECT records FROM dns.state" // which, as the other, is kept of the present alone
	if f.ZoneID != nil {
		zone := l.Arg(*f.ZoneID) + "::bigint"
		l.And("t.zone_id = " + zone)
		l.IDs = ofZone(zone) + " t"
		counted = "SELECT coalesce(sum(records), 0) FROM dns.zone_views t" + l.Clause()
	}
	query.Equal(&l.Conditions, "t.id", f.ID)
	l.ContainsName("t.host", "t.typed", f.Host, dns.MapTyped)
	l.ContainsFolded("t.value", f.Value)
	l.Exact("t.type", f.Type)
	if f.TTL != nil {
		l.Where("t.ttl = ?", int64(*f.TTL))
	}
	if f.ViewName != "" {
		l.Text("(t.view_id = ANY (ARRAY(SELECT id FROM "+namesOfViews+" n WHERE name = ?)) OR t.view_id = 0 AND t.line = ?)", f.ViewName)
	}
	whole := f == (RecordFilter{ZoneID: f.ZoneID})
	if whole && !at.Past() {
		l.Total = counted
	}
	if f.ZoneID != nil {
		l.And(recordOfZoneLives(l.Arg(*f.ZoneID) + "::bigint"))
	} else {
		l.And(rights.RecordLives("t"))
	}
	bounded := c.BoundRecords(&l.Conditions)
	if whole && at.Past() && f.ZoneID != nil && !bounded {
		if c.SeesAll() {
			l.Conditions = query.Conditions{} // Newest has its own
			l.Newest = newestOfZone(l, *f.ZoneID)
		}
		l.Total = recordsOfZoneThen(l.Arg(*f.ZoneID)+"::bigint", l.Arg(at.Position())+"::bigint")
	}
	if !c.SeesAll() {
		restrictRecords(l, c, f.ZoneID)
	}
	if bounded {
		l.Total = ""
	}
	return l
}

// recordOfZoneLives is [rights.RecordLives] for one zone, whose links are looked up
// once. Bare, the comparison would be taken for rarely true, and the planner would
// rather sort all of a zone than follow the index to the page's end.
func recordOfZoneLives(zone string) string {
	links := "ARRAY(SELECT unnest(l.links) FROM " + table.At("dns.zone_views", "zone_id, links") + " l WHERE l.zone_id = " + zone + ")"
	return "coalesce(t.link = ANY (" + links + ") AND t.ends <> ALL (" + links + "), false)"
}

// newestOfZone are the ids of what a zone had at a position. Those of the records that still are so
// come in the order of an index, as far as the page goes; of what is over, all that the zone had
// then is put in order.
func newestOfZone(l *query.List[Record], id int64) func(first string) string {
	zone, at, blocks := l.Arg(id)+"::bigint", l.Arg(l.At.Position())+"::bigint", l.Arg(table.Blocks(l.At.Position()))+"::bigint[]"
	lives := " AND " + recordOfZoneLives(zone)
	return func(first string) string {
		end := " ORDER BY t.id DESC LIMIT " + first + ")"
		return "(SELECT t.id FROM dns.records t WHERE t.zone_id = " + zone + " AND t.since <= " + at + lives + end +
			" UNION ALL (SELECT t.id FROM unnest(" + blocks + ") AS b (number) CROSS JOIN LATERAL (SELECT t.id FROM dns.records_past t WHERE t.zone_id = " +
			zone + " AND t.block = b.number AND t.until > " + at + " AND t.since <= " + at + lives + " OFFSET 0) t" + end
	}
}

// ofZone are the records of one zone, for a statement that says so itself, too.
func ofZone(zone string) string { return records.Where("dns", "zone_id = "+zone) }

// restrictRecords leaves the records of zones that the caller may ACCESS, and
// those that a privilege made by hand is for, which in the past are such as live now. A
// zone is asked about once.
func restrictRecords(l *query.List[Record], c rights.Caller, zone *int64) {
	r := c.Of(&l.Conditions)
	byHand, zones := r.ByHand(access.KindRecord), r.Young(access.KindZone)+" UNION ALL "+r.Granted(access.KindZone)
	if l.At.Past() {
		byHand, zones = r.LivingRecords(), r.Seen(access.KindZone)
	}
	if zone == nil {
		l.Total = ""
		l.And("(t.zone_id IN (" + zones + ") OR t.id IN (" + byHand + "))")
		return
	}
	z := l.Arg(*zone) + "::bigint"
	may := "(EXISTS (SELECT FROM dns.resources a WHERE a.kind = 2 AND a.id = " + z +
		" AND " + r.Sees(access.KindZone) + "))"
	l.IDs = "(SELECT x.* FROM " + ofZone(z) + " x WHERE x.zone_id = " + z + " AND " + may +
		" UNION ALL SELECT x.* FROM " + ofZone(z) + " x JOIN (" + byHand + ") g ON g.id = x.id WHERE x.zone_id = " + z + " AND NOT " + may + ") t"
	if l.Total != "" {
		l.Total = "CASE WHEN " + may + " THEN (" + l.Total + ") ELSE (SELECT count(*) FROM " + l.IDs + l.Clause() + ") END"
	}
}

// Record returns one record, or [query.ErrNotFound].
func (r *Reader) Record(ctx context.Context, id int64) (Record, error) {
	return query.First(r.Records(ctx, rights.System(), RecordFilter{ID: &id}, query.One()))
}

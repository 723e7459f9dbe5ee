package projections

import (
	"context"
	"time"
)

// Oplog is an entry of the operation log.
type Oplog struct {
	// ID is the position of the event that the entry tells of.
	ID   int64
	Time time.Time
	// OperationType is [OperationAdd], [OperationChange] or [OperationDelete].
	OperationType string
	// Operator is the username of who did it, "system" for opsledger itself.
	Operator string
	// TargetType is one of the Target constants.
	TargetType string
	TargetName string
	TargetID   string
	// TargetDetail is lines of "label: value"; for a change those of the state before.
	TargetDetail string

	// zone and link are where the record lives that the entry tells of, 0 for other
	// targets. They are written, never read: visibility is decided in the query.
	zone, link int64
}

// The operations.
const (
	OperationAdd    = "添加"
	OperationChange = "修改"
	OperationDelete = "删除"
)

// The target types.
const (
	TargetServer    = "Server"
	TargetView      = "View"
	TargetZone      = "Zone"
	TargetRecord    = "Record"
	TargetBindConf  = "BindConf"
	TargetUser      = "User"
	TargetRole      = "Role"
	TargetPrivilege = "Privilege"
)

// OplogFilter restricts a list of entries; what is nil or empty does not.
type OplogFilter struct {
	ID                                  *int64
	OperationType, Operator, TargetType string
	// TargetTypes lets through the entries of any of these types; nil does not restrict.
	TargetTypes          []string
	TargetName, TargetID string
}

// Oplogs lists the operation log of all contexts. Who is not admin sees the entries
// of views, and of the servers, zones and records that they may ACCESS, or could
// when those were deleted.
func (r *Reader) Oplogs(ctx context.Context, c Caller, f OplogFilter, page Page) ([]Oplog, int, error) {
	return listOplogs(c, f).read(ctx, r, page)
}

func listOplogs(c Caller, f OplogFilter) *listing[Oplog] {
	l := &listing[Oplog]{columns: oplogColumns, from: "(" + allOplogs + ") o USING (id)", ids: "(" + allOplogs + ") t", scan: scanOplog}
	l.exact("t.target_type", f.TargetType)
	if f.TargetTypes != nil {
		l.where("t.target_type = ANY (?::text[])", f.TargetTypes)
	}
	conditions := len(l.conditions)
	equal(&l.query, "t.id", f.ID)
	l.exact("t.operation", f.OperationType)
	l.exact("t.operator", f.Operator)
	l.exact("t.target_name", f.TargetName)
	l.exact("t.target_id", f.TargetID)
	plain := len(l.conditions) == conditions
	if c.all {
		if plain {
			l.total = countOf(allOplogCounts, l.clause())
		}
		return l
	}
	if plain {
		l.total = countOf(visibleCounts, l.clause())
		l.upTo, l.few = fewEntries, "SELECT t.id FROM ("+visibleEntries+") t"+l.clause()
	}
	l.with, l.ids, l.hashed = l.rightsOf(c).visibleSets(), "dns.oplogs t", true
	l.from = "LATERAL (SELECT " + oplogFields + " FROM dns.oplogs e WHERE e.id = w.id OFFSET 0) o ON true"
	l.conditions = append(l.conditions, seesEntry)
	return l
}

// countOf adds up counts by target type, of those types that the clause leaves.
func countOf(counts, clause string) string {
	return "SELECT coalesce(sum(entries), 0) FROM (" + counts + ") t" + clause
}

const (
	oplogColumns = `o.id, o.at, o.operation, o.operator, o.target_type, o.target_name, o.target_id, o.detail`
	oplogFields  = `id, at, operation, operator, target_type, target_name, target_id, detail`
	allOplogs    = `SELECT ` + oplogFields + ` FROM dns.oplogs UNION ALL SELECT ` + oplogFields + ` FROM access.oplogs`

	allOplogCounts = `SELECT target_type, entries FROM dns.oplog_counts UNION ALL SELECT target_type, entries FROM access.oplog_counts`
)

func scanOplog(o *Oplog) []any {
	return []any{&o.ID, &o.Time, &o.OperationType, &o.Operator, &o.TargetType, &o.TargetName, &o.TargetID, &o.TargetDetail}
}

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
}

// The operations.
const (
	OperationAdd    = "添加"
	OperationChange = "修改"
	OperationDelete = "删除"
)

// The target types.
const (
	TargetServer   = "Server"
	TargetView     = "View"
	TargetZone     = "Zone"
	TargetRecord   = "Record"
	TargetBindConf = "BindConf"
	TargetUser     = "User"
)

// OplogFilter restricts a list of entries; what is nil or empty does not.
type OplogFilter struct {
	ID                                  *int64
	OperationType, Operator, TargetType string
	// TargetTypes lets through the entries of any of these types; nil does not restrict.
	TargetTypes          []string
	TargetName, TargetID string
}

// Oplogs lists the operation log of all contexts.
func (r *Reader) Oplogs(ctx context.Context, f OplogFilter, page Page) ([]Oplog, int, error) {
	return listOplogs(f).read(ctx, r, page)
}

func listOplogs(f OplogFilter) *listing[Oplog] {
	l := &listing[Oplog]{columns: oplogColumns, from: "(" + allOplogs + ") o USING (id)", ids: "(" + allOplogs + ") t", scan: scanOplog}
	l.exact("t.target_type", f.TargetType)
	if f.TargetTypes != nil {
		l.where("t.target_type = ANY (?::text[])", f.TargetTypes)
	}
	counted, conditions := "SELECT coalesce(sum(entries), 0) FROM ("+allOplogCounts+") t"+l.clause(), len(l.conditions)
	equal(&l.query, "t.id", f.ID)
	l.exact("t.operation", f.OperationType)
	l.exact("t.operator", f.Operator)
	l.exact("t.target_name", f.TargetName)
	l.exact("t.target_id", f.TargetID)
	if len(l.conditions) == conditions {
		l.total = counted
	}
	return l
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

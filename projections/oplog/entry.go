package oplog

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/table"
)

// Entry is an entry of the operation log.
type Entry struct {
	// ID is the position of the event that the entry tells of.
	ID   int64
	Time time.Time
	// OperationType is [OperationAdd], [OperationChange] or [OperationDelete].
	OperationType string
	// Operator is the username of who did it, "system" for opsledger itself.
	Operator string
	// Credential is by which credential they did it, and Door the way by which it came; 0
	// and empty where there was none, and before these were kept.
	Credential domain.CredentialID
	// CredentialName is the credential's name in a list, nil for none.
	CredentialName *string
	Door           domain.Door
	// TargetType is one of the Target constants.
	TargetType string
	TargetName string
	TargetID   string
	// TargetDetail is lines of "label: value"; for a change those of the state before.
	TargetDetail string
	// TargetAfter is those of the state after; empty for a deletion.
	TargetAfter string
	// ZoneID is the zone that the entry is on, or that the record is in, and Zone its
	// name at that time; 0 and empty for other targets.
	ZoneID int64
	Zone   string

	// What rights on the entry follow from, which lists leave empty.
	group
}

// group is what rights on an entry follow from: all entries of a group are seen, or none.
type group struct {
	// Resource is the id of the server or zone that the entry is on, for a record's
	// that of its zone; 0 for other targets.
	Resource int64
	// Actor is who did it.
	Actor domain.UserID
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
	// TargetCredential is what a program acts with.
	TargetCredential = "Credential"
	// TargetWebhook is what events are sent to.
	TargetWebhook = "Webhook"
	TargetTask    = "Task"
	TargetMachine = "Machine"
	// TargetSSHKey is a user's public keys, and where they let the user in.
	TargetSSHKey = "SshKey"
)

// codes are the permission codes by which entries on what no resource is are seen.
var codes = map[string]int{
	TargetTask: access.CodeGetTask, TargetMachine: access.CodeGetMachine, TargetSSHKey: access.CodeGetSSHKey,
}

// CodeOf is the permission code whose holders see the entries on a type of target, see
// [access.Entry]; 0 for none.
func CodeOf(targetType string) int { return codes[targetType] }

// SystemOperator is the operator of what opsledger does by itself.
const SystemOperator = "system"

// Target is what an entry is on.
type Target struct {
	Type, Name string
	ID         int64
	// Resource is what rights on the entry follow from, see [Entry], and Zone its name
	// where it is a zone.
	Resource int64
	Zone     string
}

// undoes is the label of which event an entry's event undoes.
const undoes = "撤销变更"

// New returns the event's entry.
func New(e domain.Recorded, operator, operation string, on Target, texts Texts) Entry {
	if e.Causation != 0 {
		texts.Detail += undoes + ": " + strconv.FormatInt(int64(e.Causation), 10) + "\n"
	}
	return Entry{
		ID: int64(e.Position), Time: e.At, OperationType: operation, Operator: operator,
		Credential: e.Credential, Door: e.Door,
		TargetType: on.Type, TargetName: on.Name, TargetID: strconv.FormatInt(on.ID, 10), Zone: on.Zone,
		TargetDetail: texts.Detail, TargetAfter: texts.After,
		group: group{Resource: on.Resource, Actor: e.Actor},
	}
}

// complete fills in what is stored once: an addition's text is that of the state after,
// and the resource of an entry with a zone is the zone.
func (e *Entry) complete() {
	if e.OperationType == OperationAdd {
		e.TargetAfter = e.TargetDetail
	}
	if e.TargetType == TargetZone || e.TargetType == TargetRecord {
		e.ZoneID = e.Resource
	}
	e.group = group{}
}

// shown are the columns that lists show.
func (e *Entry) shown() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &e.ID),
		table.Col("at", table.Time, &e.Time),
		table.Col("operation", table.Bytewise, &e.OperationType),
		table.Col("operator", table.Bytewise, &e.Operator),
		table.Col("credential", table.Number, &e.Credential),
		table.Col("door", table.Bytewise, &e.Door),
		table.Col("target_type", table.Bytewise, &e.TargetType),
		table.Col("target_name", table.Bytewise, &e.TargetName),
		table.Col("target_id", table.Bytewise, &e.TargetID),
		table.Col("detail", table.Text, &e.TargetDetail),
		table.Col("after", table.Text, &e.TargetAfter),
		table.Col("zone", table.Bytewise, &e.Zone),
		table.Col("resource", table.Number, &e.Resource),
	}
}

func (g *group) columns() []table.Column {
	return []table.Column{table.Col("resource", table.Number, &g.Resource), g.actor()}
}

func (g *group) actor() table.Column { return table.Col("actor", table.Number, &g.Actor) }

var entries = table.Table[Entry]{
	Name: "oplogs", Key: "id",
	Columns: func(e *Entry) []table.Column { return append(e.shown(), e.actor()) },
	Indexes: []string{
		"CREATE INDEX ON {schema}.oplogs (target_id, target_type)",
		"CREATE INDEX ON {schema}.oplogs (resource, target_type, actor)",
		"CREATE INDEX ON {schema}.oplogs (at, id)",
	},
}

// count is how many entries there are of a group.
type count struct {
	target string
	group
	entries int64
}

var counts = table.Table[count]{
	Name: "oplog_counts", Key: "target_type, resource, actor",
	Columns: func(c *count) []table.Column {
		return append(c.columns(), table.Col("target_type", table.Bytewise, &c.target), table.Col("entries", table.Tally, &c.entries))
	},
}

// total is how many entries there are of a target type.
type total struct {
	target  string
	entries int64
}

var totals = table.Table[total]{Name: "oplog_totals", Key: "target_type", Columns: func(t *total) []table.Column {
	return []table.Column{table.Col("target_type", table.Bytewise, &t.target), table.Col("entries", table.Tally, &t.entries)}
}}

// Create returns the statements that make the tables of a context's entries.
func Create() []string { return []string{entries.Create(), counts.Create(), totals.Create()} }

// Write stores the entries and counts them, so that lists of any length know their
// totals.
func Write(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, added []Entry) error {
	byGroup, byType := map[count]int64{}, map[string]int64{}
	for _, e := range added {
		byGroup[count{target: e.TargetType, group: e.group}]++
		byType[e.TargetType]++
	}
	var groups []count
	for c, n := range byGroup {
		c.entries = n
		groups = append(groups, c)
	}
	var types []total
	for target, n := range byType {
		types = append(types, total{target, n})
	}
	counts.Put(out, schema, groups)
	totals.Put(out, schema, types)
	return entries.Insert(ctx, tx, out, schema, added)
}

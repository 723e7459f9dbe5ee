package projections

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// SystemOperator is the operator of what opsledger does by itself.
const SystemOperator = "system"

// beforeChange stands above the state before a change.
const beforeChange = "修改前：\n"

const createOplogs = `CREATE TABLE {schema}.oplogs (
	id bigint PRIMARY KEY, at timestamptz NOT NULL, operation text COLLATE "C" NOT NULL, operator text COLLATE "C" NOT NULL,
	target_type text COLLATE "C" NOT NULL, target_name text COLLATE "C" NOT NULL, target_id text COLLATE "C" NOT NULL, detail text NOT NULL,
	zone_id bigint NOT NULL, link bigint NOT NULL);
	CREATE INDEX ON {schema}.oplogs (target_id, target_type);
	CREATE TABLE {schema}.oplog_counts (target_type text COLLATE "C" PRIMARY KEY, entries bigint NOT NULL)`

// indexOplogs finds the entries on the records of a zone, and of them those on deletions.
const indexOplogs = `CREATE INDEX ON {schema}.oplogs (zone_id, link) WHERE zone_id > 0;
	CREATE INDEX ON {schema}.oplogs (zone_id, id, target_id) WHERE operation = '` + OperationDelete + `' AND target_type = 'Record'`

const countOplogs = `INSERT INTO {schema}.oplog_counts AS c (target_type, entries)
	SELECT target_type, count(*) FROM unnest($1::text[]) AS n (target_type) GROUP BY target_type
	ON CONFLICT (target_type) DO UPDATE SET entries = c.entries + excluded.entries`

// detail is the text of an entry: lines of "label: value".
type detail struct{ strings.Builder }

// detailSize is the room that most texts fit into.
const detailSize = 256

func (d *detail) line(label, value string) {
	d.WriteString(label)
	d.WriteString(": ")
	d.WriteString(value)
	d.WriteByte('\n')
}

func (d *detail) number(label string, value int64) { d.line(label, decimal(value)) }

// numbers writes a list of numbers, the first hundred of them: [1, 2, 3].
func (d *detail) numbers(label string, values []int64) {
	const most = 100
	list := strings.Join(Column(values[:min(len(values), most)], decimal), ", ")
	if len(values) > most {
		d.line(label, "["+list+", …] 共"+strconv.Itoa(len(values))+"个")
		return
	}
	d.line(label, "["+list+"]")
}

// names writes a list as the historic clients read it: ['a', 'b'].
func (d *detail) names(label string, names []string) {
	list := "[]"
	if len(names) > 0 {
		list = "['" + strings.Join(names, "', '") + "']"
	}
	d.line(label, list)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// operatorsOf returns the operators of the events by actor.
func operatorsOf(ctx context.Context, names Usernames, events []domain.Recorded) (map[domain.UserID]string, error) {
	var actors keys[domain.UserID]
	for _, e := range events {
		if e.Actor != domain.System {
			actors.add(e.Actor)
		}
	}
	operators := map[domain.UserID]string{}
	if len(actors.list) > 0 {
		known, err := names(ctx, actors.list)
		if err != nil {
			return nil, fmt.Errorf("look up usernames: %w", err)
		}
		operators = known
	}
	return operators, nil
}

// operatorOf returns the username of the event's actor. It fails for an actor
// without a name: the log has a user's registration before whatever that user did.
func operatorOf(e domain.Recorded, operators map[domain.UserID]string) (string, error) {
	if e.Actor == domain.System {
		return SystemOperator, nil
	}
	name, known := operators[e.Actor]
	if !known {
		return "", fmt.Errorf("its actor, user %d, is unknown", e.Actor)
	}
	return name, nil
}

// newOplog returns the event's entry.
func newOplog(e domain.Recorded, operator, operation, target, name, id, text string) Oplog {
	return Oplog{
		ID: int64(e.Position), Time: e.At, OperationType: operation, Operator: operator,
		TargetType: target, TargetName: name, TargetID: id, TargetDetail: text,
	}
}

// writeOplogs stores the entries and counts them by target type, so that lists
// of any age know their totals.
func writeOplogs(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, entries []Oplog) error {
	if len(entries) == 0 {
		return nil
	}
	out.Queue(InSchema(schema, countOplogs), Column(entries, func(o Oplog) string { return o.TargetType }))
	return oplogTable().add(ctx, tx, out, schema, entries)
}

// oplogTable is the table of entries, which are never changed.
func oplogTable() appended[Oplog] {
	return appended[Oplog]{
		table:   "oplogs",
		columns: []string{"id", "at", "operation", "operator", "target_type", "target_name", "target_id", "detail", "zone_id", "link"},
		values: func(o Oplog) []any {
			return []any{o.ID, o.Time, o.OperationType, o.Operator, o.TargetType, o.TargetName, o.TargetID, o.TargetDetail, o.zone, o.link}
		},
	}
}

package dnsmodel

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// ImportState says how far a staged import is.
type ImportState string

// The states.
const (
	ImportRunning ImportState = "running"
	ImportDone    ImportState = "done"
	ImportVoid    ImportState = "void"
)

// Import is a staged import.
type Import struct {
	// ID is the position of its first event.
	ID             domain.Position
	ZoneID, ViewID int64
	Mode           string
	State          ImportState
	// Reason is why it is void, see [dns.ImportVoided].
	Reason string
	// Read is how many records the file has, Changes how many are to be staged, and Staged
	// how many are.
	Read, Changes int64
	Staged        dns.ImportCounts
	Begun         time.Time
	// Ended is the position of its last event, 0 before.
	Ended domain.Position
}

// importRow is a row of imports.
type importRow struct {
	Import
	// link is the number of the link that the import's records hang on; it is one of the
	// open ones of the zone in the view once the import is done.
	link int64
}

func (i *Import) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &i.ID),
		table.Col("zone_id", table.Number|table.Fixed, &i.ZoneID),
		table.Col("view_id", table.Number|table.Fixed, &i.ViewID),
		table.Col("mode", table.Bytewise|table.Fixed, &i.Mode),
		table.Col("state", table.Bytewise, &i.State),
		table.Col("reason", table.Bytewise, &i.Reason),
		table.Col("read", table.Number|table.Fixed, &i.Read),
		table.Col("changes", table.Number|table.Fixed, &i.Changes),
		table.Col("added", table.Number, &i.Staged.Added),
		table.Col("changed", table.Number, &i.Staged.Changed),
		table.Col("removed", table.Number, &i.Staged.Removed),
		table.Col("begun", table.Time|table.Fixed, &i.Begun),
		table.Col("ended", table.Number, &i.Ended),
	}
}

var imports = table.Keeping(table.Table[importRow]{Name: "imports", Key: "id", Columns: func(i *importRow) []table.Column {
	return append(i.columns(), table.Col("link", table.Number|table.Fixed, &i.link))
}, Indexes: []string{
	// what is looked for every few seconds, among all imports that ever were
	"CREATE INDEX imports_running ON {schema}.imports (id) WHERE state = 'running'",
}})

var (
	selectImport   = "SELECT " + table.Names((&Import{}).columns()) + " FROM " + imports.In("dns") + " i WHERE id = $1"
	runningImports = "SELECT " + table.Names((&Import{}).columns()) + " FROM dns.imports WHERE state = 'running' ORDER BY id"
)

// Import returns a staged import, or [query.ErrNotFound].
func (r *Reader) Import(ctx context.Context, id domain.Position) (Import, error) {
	return query.Only(ctx, r.pool, query.Row((*Import).columns), selectImport, int64(id))
}

// RunningImports returns the imports that have not ended.
func (r *Reader) RunningImports(ctx context.Context) ([]Import, error) {
	return query.All(ctx, r.pool, query.Row((*Import).columns), runningImports)
}

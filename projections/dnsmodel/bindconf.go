package dnsmodel

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// BindConf is the BIND main configuration.
type BindConf struct {
	// Text holds references in place of secrets.
	Text string
	// Secrets are the ids of the vault entries that Text refers to.
	Secrets []string
	// Changed is the position of the event that set the configuration.
	Changed domain.Position
}

func (c *BindConf) columns() []table.Column {
	return []table.Column{
		table.Only(),
		table.Col("text", table.Text, &c.Text),
		table.Col("secrets", table.Words, &c.Secrets),
		table.Col("changed", table.Number, &c.Changed),
	}
}

var bindConfs = table.Keeping(table.Table[BindConf]{Name: "bind_conf", Key: "singleton", Columns: (*BindConf).columns})

var selectBindConf = "SELECT " + table.NamesOf("c", (*BindConf).columns) + " FROM " + bindConfs.In("dns") + " c"

// BindConf returns the configuration, or [query.ErrNotFound] while nobody has
// set one and the default holds.
func (r *Reader) BindConf(ctx context.Context) (BindConf, error) {
	return query.Only(ctx, r.pool, query.Row((*BindConf).columns), selectBindConf)
}

// bindConfTarget is the one configuration, as the operation log names it.
var bindConfTarget = oplog.Target{Type: oplog.TargetBindConf, Name: "named.conf"}

// bindConfChanged logs the text before the change. There is always one: before
// the first change it is the default, which reads have shown until then.
func (b *batch) bindConfChanged(e domain.Recorded, event dns.BindConfChanged) error {
	before, exists := b.bindConf.Get(struct{}{})
	if !exists {
		before.Text = dns.DefaultBindConf
	}
	b.bindConf.Put(BindConf{Text: event.Text, Secrets: event.Secrets, Changed: e.Position})
	return b.log(e, oplog.OperationChange, bindConfTarget, oplog.Changed(bindConfDetail(before.Text), bindConfDetail(event.Text)))
}

func bindConfDetail(text string) *oplog.Detail {
	d := oplog.NewDetail()
	d.Line("BIND主配置", text)
	return d
}

package projections

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

const (
	createBindConf = `CREATE TABLE {schema}.bind_conf (
		singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), text text NOT NULL, secrets text[] NOT NULL, changed bigint NOT NULL)`

	loadBindConf = `SELECT text, secrets, changed FROM {schema}.bind_conf`

	writeBindConf = `INSERT INTO {schema}.bind_conf (text, secrets, changed) VALUES ($1, $2, $3)
		ON CONFLICT (singleton) DO UPDATE SET text = excluded.text, secrets = excluded.secrets, changed = excluded.changed`
)

// The one configuration, as the operation log names it.
const (
	bindConfName = "named.conf"
	bindConfID   = "0"
)

// bindConfChanged logs the text before the change. There is always one: before
// the first change it is the default, which reads have shown until then.
func (b *dnsBatch) bindConfChanged(e domain.Recorded, event dns.BindConfChanged) error {
	before := dns.DefaultBindConf
	if b.bindConf != nil {
		before = b.bindConf.Text
	}
	b.bindConf = &BindConf{Text: event.Text, Secrets: event.Secrets, Changed: e.Position}
	b.bindConfWritten = true
	var d detail
	d.WriteString(beforeChange)
	d.line("BIND主配置", before)
	return b.log(e, OperationChange, TargetBindConf, bindConfName, bindConfID, d.String())
}

func (b *dnsBatch) loadBindConf(out *pgx.Batch, schema string) {
	out.Queue(InSchema(schema, loadBindConf)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			b.bindConf = &BindConf{}
			if err := rows.Scan(scanBindConf(b.bindConf)...); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (b *dnsBatch) writeBindConf(out *pgx.Batch, schema string) {
	if b.bindConfWritten {
		secrets := append([]string{}, b.bindConf.Secrets...)
		out.Queue(InSchema(schema, writeBindConf), b.bindConf.Text, secrets, int64(b.bindConf.Changed))
	}
}

package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

const (
	createRecords = `CREATE TABLE {schema}.records (
		id bigint PRIMARY KEY, zone_id bigint NOT NULL, view_id bigint NOT NULL, link bigint NOT NULL,
		host text COLLATE "C" NOT NULL, type text COLLATE "C" NOT NULL, ttl bigint NOT NULL, value text COLLATE "C" NOT NULL,
		line text COLLATE "C" NOT NULL, comment text NOT NULL, creator text NOT NULL, created timestamptz NOT NULL, changed bigint NOT NULL);
		CREATE INDEX ON {schema}.records (zone_id, id)`

	loadRecords = `SELECT id, zone_id, view_id, link, host, type, ttl, value, line, comment, creator, created, changed
		FROM {schema}.records WHERE id = ANY ($1::bigint[])`

	// What can change of a record; the row is found by its primary key alone.
	alterRecords = `UPDATE {schema}.records r SET view_id = n.view_id, link = n.link, host = n.host, type = n.type, ttl = n.ttl,
			value = n.value, line = n.line, comment = n.comment, changed = n.changed
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::bigint[])
			AS n (id, view_id, link, host, type, ttl, value, line, comment, changed)
		WHERE r.id = n.id`

	dropRecords = `DELETE FROM {schema}.records WHERE id = ANY ($1::bigint[])`
)

// recordRow is a row of records.
type recordRow struct {
	id, zone int64
	// link is the number of the link that the record hangs on.
	link    int64
	data    dns.RecordData
	creator string
	created time.Time
	changed domain.Position
}

func (b *dnsBatch) recordAdded(e domain.Recorded, event dns.RecordAdded) error {
	record := recordRow{id: event.ID, zone: event.ZoneID, created: e.At}
	if err := b.hang(&record, event.Record, e.Position); err != nil {
		return err
	}
	creator, err := operatorOf(e, b.operators)
	if err != nil {
		return err
	}
	record.creator = creator
	if err := b.records.Add(record.id, record); err != nil {
		return err
	}
	b.state.records++
	return b.logRecord(e, OperationAdd, record, record, "")
}

func (b *dnsBatch) recordUpdated(e domain.Recorded, event dns.RecordUpdated) error {
	before, err := b.unhang(event.ID, event.ZoneID, event.Before, e.Position)
	if err != nil {
		return err
	}
	after := before
	if err := b.hang(&after, event.After, e.Position); err != nil {
		return err
	}
	b.records.Put(after.id, after)
	return b.logRecord(e, OperationChange, after, before, beforeChange)
}

func (b *dnsBatch) recordDeleted(e domain.Recorded, event dns.RecordDeleted) error {
	record, err := b.unhang(event.ID, event.ZoneID, event.Record, e.Position)
	if err != nil {
		return err
	}
	b.records.Drop(record.id)
	b.state.records--
	return b.logRecord(e, OperationDelete, record, record, "")
}

// hang gives the record its data and hangs it on the link to the view it names.
func (b *dnsBatch) hang(record *recordRow, data dns.RecordData, at domain.Position) error {
	link, err := b.linkOf(record.zone, data.ViewID)
	if err != nil {
		return err
	}
	record.data, record.link, record.changed = data, link.link, at
	link.records++
	link.changed = at
	b.links.Put(link.linkKey, link)
	return nil
}

// unhang takes a visible record, which the event says was so, off its link.
func (b *dnsBatch) unhang(id, zone int64, was dns.RecordData, at domain.Position) (recordRow, error) {
	record, exists := b.records.Get(id)
	if !exists || record.zone != zone {
		return record, fmt.Errorf("record %d does not exist in zone %d", id, zone)
	}
	link, err := b.linkOf(zone, record.data.ViewID)
	if err != nil {
		return record, err
	}
	if link.link != record.link {
		return record, fmt.Errorf("record %d went when view %d was unlinked from zone %d", id, record.data.ViewID, zone)
	}
	if record.data != was {
		return record, fmt.Errorf("record %d was not as the event says", id)
	}
	link.records--
	link.changed = at
	b.links.Put(link.linkKey, link)
	return record, nil
}

// logRecord writes an entry on a record, which shows the given state of it.
func (b *dnsBatch) logRecord(e domain.Recorded, operation string, record, shown recordRow, heading string) error {
	line := shown.data.Line
	if shown.data.ViewID != 0 {
		view, err := b.views.Find(shown.data.ViewID)
		if err != nil {
			return err
		}
		line = view.Name
	}
	var d detail
	d.Grow(detailSize)
	d.WriteString(heading)
	d.number("id", shown.id)
	d.line("记录主机", shown.data.Host)
	d.line("记录类型", shown.data.Type)
	d.line("记录值", shown.data.Value)
	d.number("TTL", int64(shown.data.TTL))
	d.line("线路类型", line)
	d.line("备注", shown.data.Comment)
	d.line("创建人", shown.creator)
	d.line("创建时间", shown.created.In(b.location).Format(time.DateTime))
	if err := b.log(e, operation, TargetRecord, record.data.Host, decimal(record.id), d.String()); err != nil {
		return err
	}
	entry := &b.oplogs[len(b.oplogs)-1]
	entry.zone, entry.link = record.zone, record.link
	return nil
}

func (b *dnsBatch) loadRecords(out *pgx.Batch, schema string, ids []int64) {
	queueLoad(out, InSchema(schema, loadRecords), ids, func(rows pgx.Rows) error {
		var r recordRow
		d := &r.data
		err := rows.Scan(&r.id, &r.zone, &d.ViewID, &r.link, &d.Host, &d.Type, &d.TTL, &d.Value, &d.Line, &d.Comment, &r.creator, &r.created, &r.changed)
		b.records.Loaded(r.id, r)
		return err
	})
}

func (b *dnsBatch) writeRecords(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string) error {
	added, altered, dropped := b.records.Writes()
	queueDrop(out, InSchema(schema, dropRecords), dropped)
	queueAltered(out, schema, altered)
	return recordTable().add(ctx, tx, out, schema, added)
}

func recordTable() appended[recordRow] {
	return appended[recordRow]{
		table:   "records",
		columns: []string{"id", "zone_id", "view_id", "link", "host", "type", "ttl", "value", "line", "comment", "creator", "created", "changed"},
		values: func(r recordRow) []any {
			d := &r.data
			return []any{r.id, r.zone, d.ViewID, r.link, d.Host, d.Type, int64(d.TTL), d.Value, d.Line, d.Comment, r.creator, r.created, int64(r.changed)}
		},
	}
}

func queueAltered(out *pgx.Batch, schema string, rows []recordRow) {
	if len(rows) == 0 {
		return
	}
	number := func(value func(recordRow) int64) []int64 { return Column(rows, value) }
	text := func(value func(dns.RecordData) string) []string {
		return Column(rows, func(r recordRow) string { return value(r.data) })
	}
	out.Queue(InSchema(schema, alterRecords),
		number(func(r recordRow) int64 { return r.id }), number(func(r recordRow) int64 { return r.data.ViewID }),
		number(func(r recordRow) int64 { return r.link }),
		text(func(d dns.RecordData) string { return d.Host }), text(func(d dns.RecordData) string { return d.Type }),
		number(func(r recordRow) int64 { return int64(r.data.TTL) }),
		text(func(d dns.RecordData) string { return d.Value }), text(func(d dns.RecordData) string { return d.Line }),
		text(func(d dns.RecordData) string { return d.Comment }), number(func(r recordRow) int64 { return int64(r.changed) }))
}

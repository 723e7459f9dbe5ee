package projections

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

const (
	// resources are all servers, views and zones that there ever were, with what
	// decides who may do what to them. named is the position of the event that
	// gave the name. entries counts what the operation log says of the resource,
	// record_entries what of its records. Ended links tell when the records on them died.
	createResources = `CREATE TABLE {schema}.resources (
			kind bigint NOT NULL, id bigint NOT NULL, name text COLLATE "C" NOT NULL, privilege bigint NOT NULL, creator bigint NOT NULL,
			created bigint NOT NULL, named bigint NOT NULL, deleted bigint NOT NULL,
			entries bigint NOT NULL DEFAULT 0, record_entries bigint NOT NULL DEFAULT 0, PRIMARY KEY (kind, id));
		CREATE INDEX ON {schema}.resources (privilege);
		CREATE INDEX ON {schema}.resources (creator);
		CREATE INDEX ON {schema}.resources (kind, id) WHERE deleted < ` + forEver + `;
		CREATE TABLE {schema}.ended_links (zone_id bigint NOT NULL, link bigint NOT NULL, at bigint NOT NULL, PRIMARY KEY (zone_id, link))`

	loadResources = `SELECT r.kind, r.id, r.name, r.privilege, r.creator, r.created, r.named, r.deleted
		FROM unnest($1::bigint[], $2::bigint[]) AS k (kind, id) JOIN {schema}.resources r ON r.kind = k.kind AND r.id = k.id`

	writeResources = `INSERT INTO {schema}.resources (kind, id, name, privilege, creator, created, named, deleted)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
		ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, named = excluded.named, deleted = excluded.deleted`

	countEntries = `UPDATE {schema}.resources r SET entries = r.entries + n.entries, record_entries = r.record_entries + n.records
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (kind, id, entries, records) WHERE r.kind = n.kind AND r.id = n.id`

	addEndedLinks = `INSERT INTO {schema}.ended_links (zone_id, link, at) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])`
)

// resourceKey names a server, view or zone.
type resourceKey struct {
	kind access.Kind
	id   int64
}

func (k resourceKey) String() string { return fmt.Sprintf("%s %d", k.kind, k.id) }

// resourceRow is a row of resources.
type resourceRow struct {
	resourceKey
	name           string
	privilege      int64
	creator        domain.UserID
	created, named domain.Position
	deleted        domain.Position
}

// endedLink is a row of ended_links.
type endedLink struct {
	zone, link int64
	at         domain.Position
}

// resourceCreated notes that the event's actor created the resource.
func (b *dnsBatch) resourceCreated(e domain.Recorded, kind access.Kind, id int64, name string, privilege int64) {
	key := resourceKey{kind, id}
	b.resources.Put(key, resourceRow{
		resourceKey: key, name: name, privilege: privilege, creator: e.Actor, created: e.Position, named: e.Position, deleted: forever,
	})
}

// resourceNamed notes that the resource is called so from the event on.
func (b *dnsBatch) resourceNamed(e domain.Recorded, kind access.Kind, id int64, name string) error {
	key := resourceKey{kind, id}
	resource, err := b.resources.Find(key)
	if err != nil {
		return err
	}
	if resource.name != name {
		resource.name, resource.named = name, e.Position
		b.resources.Put(key, resource)
	}
	return nil
}

// resourceDeleted notes that the resource went with the event.
func (b *dnsBatch) resourceDeleted(e domain.Recorded, kind access.Kind, id int64) error {
	key := resourceKey{kind, id}
	resource, err := b.resources.Find(key)
	if err != nil {
		return err
	}
	resource.deleted = e.Position
	b.resources.Put(key, resource)
	return nil
}

func (b *dnsBatch) loadResources(out *pgx.Batch, schema string, wanted []resourceKey) {
	if len(wanted) == 0 {
		return
	}
	kinds := Column(wanted, func(k resourceKey) int64 { return int64(k.kind) })
	out.Queue(InSchema(schema, loadResources), kinds, Column(wanted, func(k resourceKey) int64 { return k.id })).Query(func(rows pgx.Rows) error {
		var r resourceRow
		into := []any{&r.kind, &r.id, &r.name, &r.privilege, &r.creator, &r.created, &r.named, &r.deleted}
		_, err := pgx.ForEachRow(rows, into, func() error { b.resources.Loaded(r.resourceKey, r); return nil })
		return err
	})
}

func (b *dnsBatch) writeResources(out *pgx.Batch, schema string) {
	added, altered, _ := b.resources.Writes()
	if rows := append(added, altered...); len(rows) > 0 {
		number := func(value func(resourceRow) int64) []int64 { return Column(rows, value) }
		out.Queue(InSchema(schema, writeResources),
			number(func(r resourceRow) int64 { return int64(r.kind) }), number(func(r resourceRow) int64 { return r.id }),
			Column(rows, func(r resourceRow) string { return r.name }), number(func(r resourceRow) int64 { return r.privilege }),
			number(func(r resourceRow) int64 { return int64(r.creator) }), number(func(r resourceRow) int64 { return int64(r.created) }),
			number(func(r resourceRow) int64 { return int64(r.named) }), number(func(r resourceRow) int64 { return int64(r.deleted) }))
	}
	if ended := b.endedLinks; len(ended) > 0 {
		out.Queue(InSchema(schema, addEndedLinks), Column(ended, func(l endedLink) int64 { return l.zone }),
			Column(ended, func(l endedLink) int64 { return l.link }), Column(ended, func(l endedLink) int64 { return int64(l.at) }))
	}
}

// counted is how many entries a batch adds that are about a resource, and about its records.
type counted struct{ entries, records int64 }

// writeEntryCounts adds the batch's entries to the counts of their resources,
// which the batch has written before.
func (b *dnsBatch) writeEntryCounts(out *pgx.Batch, schema string) {
	counts := map[resourceKey]counted{}
	for _, o := range b.oplogs {
		if key, ok := o.resource(); ok {
			n := counts[key]
			if o.TargetType == TargetRecord {
				n.records++
			} else {
				n.entries++
			}
			counts[key] = n
		}
	}
	if len(counts) == 0 {
		return
	}
	keys := slices.Collect(maps.Keys(counts))
	out.Queue(InSchema(schema, countEntries),
		Column(keys, func(k resourceKey) int64 { return int64(k.kind) }), Column(keys, func(k resourceKey) int64 { return k.id }),
		Column(keys, func(k resourceKey) int64 { return counts[k].entries }), Column(keys, func(k resourceKey) int64 { return counts[k].records }))
}

// resource is what rights on the entry follow from: a server, a zone, a record's zone.
func (o Oplog) resource() (resourceKey, bool) {
	kind := access.KindServer
	switch o.TargetType {
	case TargetRecord:
		return resourceKey{access.KindZone, o.zone}, true
	case TargetZone:
		kind = access.KindZone
	case TargetServer:
	default:
		return resourceKey{}, false
	}
	id, err := strconv.ParseInt(o.TargetID, 10, 64)
	return resourceKey{kind, id}, err == nil
}

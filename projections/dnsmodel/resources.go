package dnsmodel

import (
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// resourceKey names a server, view or zone.
type resourceKey struct {
	kind access.Kind
	id   int64
}

func (k resourceKey) String() string { return fmt.Sprintf("%s %d", k.kind, k.id) }

func keyOf(r rights.Resource) resourceKey { return resourceKey{r.Kind, r.ID} }

// resourceCreated notes that the event's actor created the resource.
func (b *batch) resourceCreated(e domain.Recorded, kind access.Kind, id int64, name string, privilege int64) {
	b.resources.Put(rights.Resource{
		Target: access.Target{Kind: kind, ID: id, Name: name, Privilege: privilege, Created: e.Position, Creator: e.Actor},
		Named:  e.Position, Deleted: table.Forever,
	})
}

// resourceBegun notes that the resource is there: a new one, or one that comes back.
func (b *batch) resourceBegun(e domain.Recorded, kind access.Kind, id int64, name string, privilege int64, birth *dns.Birth) error {
	if birth != nil {
		return b.resourceRestored(e, kind, id, name)
	}
	b.resourceCreated(e, kind, id, name, privilege)
	return nil
}

// resourceNamed notes that the resource is called so from the event on.
func (b *batch) resourceNamed(e domain.Recorded, kind access.Kind, id int64, name string) error {
	resource, err := b.resources.Find(resourceKey{kind, id})
	if err == nil && resource.Name != name {
		resource.Name, resource.Named = name, e.Position
		b.resources.Put(resource)
	}
	return err
}

// resourceDeleted notes that the resource went with the event.
func (b *batch) resourceDeleted(e domain.Recorded, kind access.Kind, id int64) error {
	resource, err := b.resources.Find(resourceKey{kind, id})
	if err == nil {
		resource.Deleted = e.Position
		b.resources.Put(resource)
	}
	return err
}

// resourceRestored notes that the resource is there again, as whose it was.
func (b *batch) resourceRestored(e domain.Recorded, kind access.Kind, id int64, name string) error {
	if err := b.resourceNamed(e, kind, id, name); err != nil {
		return err
	}
	resource, err := b.resources.Find(resourceKey{kind, id})
	if err == nil {
		resource.Deleted = table.Forever
		b.resources.Put(resource)
	}
	return err
}

func (b *batch) loadResources(out *pgx.Batch, schema string, wanted map[access.Kind]*rowset.Keys[int64]) {
	for kind, ids := range wanted {
		table.Load(out, schema, rights.Resources.Now(), "id", ids.List, fmt.Sprintf("kind = %d", kind), b.resources.LoadedVersion)
	}
}

package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// DNSModel is the servers, views, zones, records and BIND configuration, and the
// operation log of them.
//
// Invariants, beside those of [Model]:
//  1. Events are applied in the order of the log without a gap: the first one's
//     Prev is the last one applied. Anything else is an error and writes nothing.
//  2. A record is visible exactly while its zone is linked to its view by the
//     link it was added under. Taking a link away hides any number of records at
//     once; their dead rows are purged later, a bounded number with each Apply.
//     Dead rows, and the list of where they are, are no part of the state: they
//     alone may differ between batch sizes.
//  3. An event that contradicts the state (a record in a view that its zone is not
//     linked to, a zone created twice, a Before that was not so) is an error and
//     writes nothing.
type DNSModel struct {
	names    Usernames
	location *time.Location
}

// NewDNSModel returns the model. Times inside the texts of the operation log are
// written in the given zone; for entries that exist, another zone shows after a
// rebuild.
func NewDNSModel(names Usernames, location *time.Location) *DNSModel {
	return &DNSModel{names: names, location: location}
}

// Context implements [Model].
func (m *DNSModel) Context() domain.Context { return domain.ContextDNS }

// Version implements [Model].
func (m *DNSModel) Version() int { return 3 }

// Create implements [Model].
func (m *DNSModel) Create(ctx context.Context, tx pgx.Tx, schema string) error {
	for _, table := range []string{createServers, createViews, createZones, createZoneViews, createRecords, createResources, createBindConf, createOplogs, indexOplogs, createDNSState} {
		if _, err := tx.Exec(ctx, InSchema(schema, table)); err != nil {
			return fmt.Errorf("create the dns tables: %w", err)
		}
	}
	return nil
}

// Apply implements [Model]. It takes two round trips, and a third while dead
// records wait to be purged.
func (m *DNSModel) Apply(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	operators, err := operatorsOf(ctx, m.names, events)
	if err != nil {
		return err
	}
	batch, err := loadDNS(ctx, tx, schema, touchedBy(events))
	if err != nil {
		return fmt.Errorf("load dns rows: %w", err)
	}
	batch.operators, batch.location, batch.oplogs = operators, m.location, make([]Oplog, 0, len(events))
	for _, e := range events {
		if err := batch.apply(e); err != nil {
			return fmt.Errorf("apply event %d: %w", e.Position, err)
		}
	}
	if err := batch.write(ctx, tx, schema); err != nil {
		return fmt.Errorf("write dns rows: %w", err)
	}
	if !batch.purging {
		return nil
	}
	_, err = m.Purge(ctx, tx, schema, max(len(events), purgeChunk))
	return err
}

package dnsmodel

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// Model implements projections.Model.
//
// Invariants, beside those of the interface:
//  1. Events are applied in the order of the log without a gap: the first one's
//     Prev is the last one applied. Anything else is an error and writes nothing.
//  2. A record is visible exactly while its zone is linked to its view by the
//     link it was added under, which for one of a staged import is the import's, and no
//     import that is done has ended it. Opening a link shows, and taking it away hides, any
//     number of records at once. Dead rows are taken to the past later, a bounded number with
//     each Apply: where they stand, and the list of where they are, is no part of the state, and
//     alone may differ between batch sizes.
//  3. An event that contradicts the state (a record in a view that its zone is not
//     linked to, a zone created twice, a Before that was not so) is an error and
//     writes nothing.
//  4. At each position that is the end of a change, the versions that hold there are the rows
//     that a model has which has applied no more than that. [rowset.NewVersioned] says what
//     holds; a record's life is the overlap of its own and that of its link.
type Model struct {
	names    oplog.Usernames
	location *time.Location
}

// New returns the model. Times inside the texts of the operation log are
// written in the given zone; for entries that exist, another zone shows after a
// rebuild.
func New(names oplog.Usernames, location *time.Location) *Model {
	return &Model{names: names, location: location}
}

// Context implements projections.Model.
func (m *Model) Context() domain.Context { return domain.ContextDNS }

// Version implements projections.Model.
func (m *Model) Version() int { return 15 }

// Create implements projections.Model.
func (m *Model) Create(ctx context.Context, tx pgx.Tx, schema string) error {
	tables := append(oplog.Create(), servers.Create(), views.Create(), zones.Create(), links.Create(), records.Create(), imports.Create(),
		rights.Resources.Create(), bindConfs.Create(), viewOrders.Create(), rolloutPlans.Create(), rollouts.Create(), zoneSettings.Create(), bases.Create(), fleets.Create(),
		serverSettings.Create(), drifts.Create(), driftCounts.Create(),
		states.Create(), contentChanges.Create(), endings.Create(), endedLinks.Create())
	for _, sql := range tables {
		if _, err := tx.Exec(ctx, table.InSchema(schema, sql)); err != nil {
			return fmt.Errorf("create the dns tables: %w", err)
		}
	}
	var first pgx.Batch
	states.Put(&first, schema, []state{{}})
	fleets.Now().Put(&first, schema, []rowset.Version[Fleet]{{}})
	if err := tx.SendBatch(ctx, &first).Close(); err != nil {
		return fmt.Errorf("begin with no dns event: %w", err)
	}
	return nil
}

// Apply implements projections.Model. It takes two round trips, and a third while dead
// records wait to be purged.
func (m *Model) Apply(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	operators, err := oplog.OperatorsOf(ctx, m.names, events)
	if err != nil {
		return err
	}
	batch, err := load(ctx, tx, schema, touchedBy(events))
	if err != nil {
		return fmt.Errorf("load dns rows: %w", err)
	}
	batch.operators, batch.location, batch.entries = operators, m.location, make([]oplog.Entry, 0, len(events))
	for i, e := range events {
		if i == 0 || events[i-1].End() != e.End() {
			batch.begun = e.Position
		}
		if err := batch.apply(e); err != nil {
			return fmt.Errorf("apply event %d: %w", e.Position, err)
		}
		batch.touchKeepers(e)
		if i+1 == len(events) || events[i+1].End() != e.End() {
			batch.endChange(e.End())
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

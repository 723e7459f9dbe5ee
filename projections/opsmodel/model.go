package opsmodel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/table"
)

// Model implements projections.Model.
//
// Invariants, beside those of the interface:
//  1. Events are applied in the order of the log without a gap.
//  2. task_blocks has the number of live tasks of each block of ids, so a page
//     anywhere in a list of a million tasks is found without reading those before it.
//  3. An account's former sets of keys are kept, with the time from which they held.
//  4. task_states has the number of live tasks in each state, task_actions that of those with each action.
//  5. The attempts of a live task are kept; those of a deleted one are of the past, and come back
//     with it.
//  6. Machines, tasks, attempts and grants are kept with what they were, see package rowset:
//     those of a deleted task, too.
type Model struct {
	names    oplog.Usernames
	location *time.Location
}

// New returns the model. Times inside the texts of the operation log are written in the
// given zone.
func New(names oplog.Usernames, location *time.Location) *Model {
	return &Model{names: names, location: location}
}

// Context implements projections.Model.
func (*Model) Context() domain.Context { return domain.ContextOps }

// Version implements projections.Model.
func (*Model) Version() int { return 8 }

// Create implements projections.Model.
func (*Model) Create(ctx context.Context, tx pgx.Tx, schema string) error {
	tables := append(oplog.Create(), states.Create(), machines.Create(), tasks.Create(), blocks.Create(), taskStates.Create(), taskActions.Create(),
		attempts.Create(), usersKeys.Create(), grants.Create(), accountsKeys.Create())
	for _, sql := range tables {
		if _, err := tx.Exec(ctx, table.InSchema(schema, sql)); err != nil {
			return fmt.Errorf("create the ops tables: %w", err)
		}
	}
	var first pgx.Batch
	states.Put(&first, schema, []state{{}})
	if err := tx.SendBatch(ctx, &first).Close(); err != nil {
		return fmt.Errorf("begin with no ops event: %w", err)
	}
	return nil
}

// state is what the model knows beside its rows.
type state struct{ lastEvent domain.Position }

var states = table.Table[state]{Name: "state", Key: "singleton", Columns: func(s *state) []table.Column {
	return []table.Column{table.Only(), table.Col("last_event", table.Number, &s.lastEvent)}
}}

// Apply implements projections.Model.
func (m *Model) Apply(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	operators, err := oplog.OperatorsOf(ctx, m.names, events, keyOwners(events)...)
	if err != nil {
		return err
	}
	b, err := load(ctx, tx, schema, events)
	if err != nil {
		return fmt.Errorf("load ops rows: %w", err)
	}
	b.operators, b.location = operators, m.location
	for i, e := range events {
		if err := b.apply(e); err != nil {
			return fmt.Errorf("apply event %d: %w", e.Position, err)
		}
		if i+1 == len(events) || events[i+1].End() != e.End() {
			b.endChange(e.End())
		}
	}
	if err := b.write(ctx, tx, schema); err != nil {
		return fmt.Errorf("write ops rows: %w", err)
	}
	return nil
}

// endChange ends the change that the last events were of.
func (b *batch) endChange(at domain.Position) {
	b.machines.EndChange(at)
	b.tasks.EndChange(at)
	b.attempts.EndChange(at)
	b.grants.EndChange(at)
}

// batch is the part of the state that some events touch.
type batch struct {
	lastEvent domain.Position
	tasks     *taskRows
	attempts  *attemptRows
	machines  machineRows
	grants    grantRows
	keys      keyRows
	entries   []oplog.Entry

	operators oplog.Operators
	location  *time.Location
}

// load reads what the events touch in one round trip.
func load(ctx context.Context, tx pgx.Tx, schema string, events []domain.Recorded) (*batch, error) {
	b := &batch{tasks: newTaskRows(), attempts: newAttemptRows(), machines: newMachineRows(), grants: newGrantRows()}
	var queries pgx.Batch
	queries.Queue(table.PinPlans)
	states.LoadAll(&queries, schema, func(s state) { b.lastEvent = s.lastEvent })
	b.tasks.load(&queries, schema, events)
	b.attempts.load(&queries, schema, events)
	b.machines.load(&queries, schema, events)
	b.grants.load(&queries, schema, events)
	return b, tx.SendBatch(ctx, &queries).Close()
}

// apply takes the next event.
func (b *batch) apply(r domain.Recorded) error {
	if r.Prev != b.lastEvent {
		return fmt.Errorf("its predecessor is %d, but the last one applied is %d", r.Prev, b.lastEvent)
	}
	b.lastEvent = r.Position
	switch e := r.Event.(type) {
	case ops.MachineAdded, ops.MachineUpdated, ops.MachineDeleted, ops.HostEnrolled, ops.HostWithdrawn:
		return b.applyMachine(r)
	case ops.UserKeysChanged, ops.AccountGranted, ops.AccountRevoked, ops.AccountKeysSet:
		b.keys.apply(r)
		b.grants.apply(r.Event)
		return b.logKeys(r)
	default:
		name, ok := taskOf(r.Event)
		if !ok {
			return fmt.Errorf("unknown event type %T", e)
		}
		was, is, err := b.tasks.apply(name, r)
		if err != nil {
			return err
		}
		b.attempts.apply(r)
		return b.logTask(r, was, is)
	}
}

// write stores what the events changed.
func (b *batch) write(ctx context.Context, tx pgx.Tx, schema string) error {
	var writes pgx.Batch
	err := errors.Join(
		b.tasks.write(ctx, tx, &writes, schema),
		table.SaveVersions(ctx, tx, &writes, schema, attempts, b.attempts.Set),
		table.SaveVersions(ctx, tx, &writes, schema, machines, b.machines.Set),
		table.SaveVersions(ctx, tx, &writes, schema, grants, b.grants.Set),
		oplog.Write(ctx, tx, &writes, schema, b.entries),
	)
	if err != nil {
		return err
	}
	b.keys.write(&writes, schema)
	states.Update(&writes, schema, []state{{b.lastEvent}})
	return tx.SendBatch(ctx, &writes).Close()
}

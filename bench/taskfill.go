package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
)

// insertTasks adds creations of tasks as insertRecords does those of records. $1
// is the head, $2 the number of events, $3 the machine, $4 its address, $5 the
// first task's id, $6 the last position in the context, $7 the time.
const insertTasks = `WITH n AS MATERIALIZED (
		SELECT $1::bigint + i AS position, $5::bigint + i - 1 AS id, md5(($5::bigint + i)::text) AS task,
			gen_random_uuid() AS command, CASE WHEN i = 1 THEN $6::bigint ELSE $1 + i - 1 END AS prev
		FROM generate_series(1, $2::bigint) AS i),
	tagged AS MATERIALIZED (
		SELECT position, prev, command, 'TaskCreated' AS type, 'ops' AS context, $3::bigint AS key, $7::timestamptz AS at,
			ARRAY['task:' || id, 'taskref:' || task] AS tags,
			format('{"id":%s,"task":"%s","machine":%s,"ip":"%s","creator":1,"creator_name":"admin","order":{"action":"update","target":"web","version":"%s","content":"index.html\napp/main.js\nstyle/site.css"},"description":"filled by bench, task %s of many"}',
				id, task, $3::bigint, $4::text, id, id)::json AS data
		FROM n),` + insertTagged

// fillTasks registers a machine and puts so many tasks for it into the log, past
// the store. Nobody may append meanwhile.
func fillTasks(ctx context.Context, e *Env, store *eventstore.Store, pool *pgxpool.Pool, tasks int64) error {
	machine := machineOf("listed", 0, 0)
	add, err := ops.NewAddMachine(machine)
	if err != nil {
		return err
	}
	receipt, err := store.Execute(ctx, eventstore.Request{Door: domain.DoorSystem, Command: add, Actor: domain.System})
	if err != nil {
		return err
	}
	id := receipt.Events[0].Event.(ops.MachineAdded).ID
	for done := int64(0); done < tasks; done += fillChunk {
		e.Progress("pages: %d of %d tasks are in the log", done, tasks)
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return insertChunk(ctx, tx, id, *machine.InsideIP, min(fillChunk, tasks-done)) })
		if err != nil {
			return fmt.Errorf("put tasks into the log: %w", err)
		}
	}
	return endFill[ops.TaskCreated](ctx, pool, store)
}

// insertChunk adds tasks and moves the head.
func insertChunk(ctx context.Context, tx pgx.Tx, machine int64, ip string, tasks int64) error {
	// Sorted in memory: each page of an index is then touched once.
	if _, err := tx.Exec(ctx, "SET LOCAL work_mem = '256MB'"); err != nil {
		return err
	}
	var head, last, first int64
	var at time.Time
	if err := tx.QueryRow(ctx, "SELECT position, last_ops, now() FROM log.head FOR UPDATE").Scan(&head, &last, &at); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, "SELECT nextval('log.id_task')").Scan(&first); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SELECT setval('log.id_task', $1)", first+tasks-1); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SELECT log.extend($1, $2)", head+tasks, eventstore.DefaultPartitionSize); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertTasks, head, tasks, machine, ip, first, last, at); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE log.head SET position = $1, last_ops = $1, recorded_at = greatest(recorded_at, $2)", head+tasks, at)
	return err
}

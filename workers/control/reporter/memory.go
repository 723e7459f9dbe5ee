package reporter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/protocol"
)

// memory keeps the agents' last words in Postgres, for the next start. Several
// processes write the same rows; the newest word stays.
type memory struct {
	pool *pgxpool.Pool
	log  uuid.UUID
}

// stored is one row.
type stored struct {
	report              protocol.Report
	appliedAt, received time.Time
}

func (m *memory) load(ctx context.Context) ([]stored, error) {
	rows, err := m.pool.Query(ctx, `SELECT report, applied_at, received_at FROM control.agent_reports WHERE log = $1`, m.log)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s stored, err error) {
		var report []byte
		if err := row.Scan(&report, &s.appliedAt, &s.received); err != nil {
			return s, err
		}
		return s, json.Unmarshal(report, &s.report)
	})
}

func (m *memory) save(ctx context.Context, words []stored) error {
	batch := &pgx.Batch{}
	for _, w := range words {
		report, err := json.Marshal(w.report)
		if err != nil {
			return err
		}
		batch.Queue(`INSERT INTO control.agent_reports AS r (agent, log, report, applied_at, received_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (agent) DO UPDATE SET log = excluded.log, report = excluded.report,
				applied_at = excluded.applied_at, received_at = excluded.received_at
			WHERE r.received_at < excluded.received_at OR r.log <> excluded.log`,
			w.report.Agent, m.log, report, w.appliedAt, w.received)
	}
	return m.pool.SendBatch(ctx, batch).Close()
}

// keepOnly removes the rows of all other agents.
func (m *memory) keepOnly(ctx context.Context, agents []int64) error {
	_, err := m.pool.Exec(ctx, `DELETE FROM control.agent_reports WHERE agent <> ALL ($1)`, agents)
	return err
}

// recall takes the last words of an earlier run.
func (r *Reporter) recall(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	rows, err := r.memory.load(ctx)
	if err != nil {
		return fmt.Errorf("load the agents' last words: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range rows {
		r.words[s.report.Agent] = &word{
			report: s.report, received: s.received, marks: []mark{{s.report.Applied, s.appliedAt}},
		}
	}
	return nil
}

// store writes the last words that are not stored yet. What fails is tried
// again with the next ones.
func (r *Reporter) store(ctx context.Context) {
	r.mu.Lock()
	words := make([]stored, 0, len(r.dirty))
	for id := range r.dirty {
		w := r.words[id]
		words = append(words, stored{report: w.report, received: w.received, appliedAt: w.marks[len(w.marks)-1].at})
	}
	clear(r.dirty)
	r.mu.Unlock()
	if len(words) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := r.memory.save(ctx, words)
	if err == nil {
		return
	}
	r.cfg.Log.Warn("reporter: cannot store the agents' last words now", "error", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range words {
		if r.words[w.report.Agent] != nil {
			r.dirty[w.report.Agent] = true
		}
	}
}

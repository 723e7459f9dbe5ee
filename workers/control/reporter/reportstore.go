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

// reportStore keeps the agents' last reports in Postgres for the next start. Several
// processes write the same rows; the newest report stays.
type reportStore struct {
	pool *pgxpool.Pool
	log  uuid.UUID
}

// storedReport is one row.
type storedReport struct {
	report              protocol.Report
	appliedAt, received time.Time
}

func (s *reportStore) load(ctx context.Context) ([]storedReport, error) {
	rows, err := s.pool.Query(ctx, `SELECT report, applied_at, received_at FROM control.agent_reports WHERE log = $1`, s.log)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s storedReport, err error) {
		var report []byte
		if err := row.Scan(&report, &s.appliedAt, &s.received); err != nil {
			return s, err
		}
		return s, json.Unmarshal(report, &s.report)
	})
}

func (s *reportStore) save(ctx context.Context, reports []storedReport) error {
	batch := &pgx.Batch{}
	for _, w := range reports {
		report, err := json.Marshal(w.report)
		if err != nil {
			return err
		}
		batch.Queue(`INSERT INTO control.agent_reports AS r (agent, log, report, applied_at, received_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (agent) DO UPDATE SET log = excluded.log, report = excluded.report,
				applied_at = excluded.applied_at, received_at = excluded.received_at
			WHERE r.received_at < excluded.received_at OR r.log <> excluded.log`,
			w.report.Agent, s.log, report, w.appliedAt, w.received)
	}
	return s.pool.SendBatch(ctx, batch).Close()
}

// keepOnly removes the rows of all other agents.
func (s *reportStore) keepOnly(ctx context.Context, agents []int64) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM control.agent_reports WHERE agent <> ALL ($1)`, agents)
	return err
}

// loadReports reads the last reports that an earlier run has stored.
func (r *Reporter) loadReports(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	rows, err := r.store.load(ctx)
	if err != nil {
		return fmt.Errorf("load the agents' last reports: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range rows {
		r.last[s.report.Agent] = &lastReport{
			report: s.report, received: s.received, applied: []appliedMark{{s.report.Applied, s.appliedAt}},
		}
	}
	return nil
}

// saveReports stores the last reports that are not stored yet. If that fails, they are
// stored with the next ones.
func (r *Reporter) saveReports(ctx context.Context) {
	r.mu.Lock()
	reports := make([]storedReport, 0, len(r.dirty))
	for id := range r.dirty {
		w := r.last[id]
		reports = append(reports, storedReport{report: w.report, received: w.received, appliedAt: w.applied[len(w.applied)-1].at})
	}
	clear(r.dirty)
	r.mu.Unlock()
	if len(reports) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := r.store.save(ctx, reports)
	if err == nil {
		return
	}
	r.cfg.Log.Warn("reporter: cannot store the agents' last reports now", "error", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range reports {
		if r.last[w.report.Agent] != nil {
			r.dirty[w.report.Agent] = true
		}
	}
}

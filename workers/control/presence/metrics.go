package presence

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeWithin bounds the reading of the tasks' numbers for one scrape.
const scrapeWithin = 2 * time.Second

// metrics are read when they are asked for. They are the same in every serve process. Those
// that cannot be read are left out.
type metrics struct {
	presence              *Presence
	online, tasks, oldest *prometheus.Desc
}

func newMetrics(p *Presence) metrics {
	return metrics{
		presence: p,
		online:   prometheus.NewDesc("opsledger_machines_online", "Machines whose agent sent a heartbeat lately.", nil, nil),
		tasks:    prometheus.NewDesc("opsledger_tasks", "Tasks that are not deleted, by state: how their newest attempt ended, or how far it is.", []string{"state"}, nil),
		oldest: prometheus.NewDesc("opsledger_oldest_queued_task_seconds",
			"For how long the task has waited that has waited longest for its host to begin; 0 while none waits.", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (m metrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.online
	out <- m.tasks
	out <- m.oldest
}

// Collect implements [prometheus.Collector].
func (m metrics) Collect(out chan<- prometheus.Metric) {
	online := 0
	for _, h := range m.presence.Hosts() {
		if h.Online {
			online++
		}
	}
	out <- prometheus.MustNewConstMetric(m.online, prometheus.GaugeValue, float64(online))
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	inState, oldest, err := m.presence.cfg.Reader.Counts(ctx)
	if err != nil {
		m.presence.cfg.Log.Debug("presence: the tasks cannot be counted now", "error", err)
		return
	}
	for state, tasks := range inState {
		out <- prometheus.MustNewConstMetric(m.tasks, prometheus.GaugeValue, float64(tasks), string(state))
	}
	waits := 0.0
	if !oldest.IsZero() {
		waits = max(0, time.Since(oldest).Seconds())
	}
	out <- prometheus.MustNewConstMetric(m.oldest, prometheus.GaugeValue, waits)
}

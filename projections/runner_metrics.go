package projections

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
)

// runnerMetrics is what a runner tells of itself, labelled with its context.
type runnerMetrics struct {
	batch   prometheus.Histogram
	latency prometheus.Histogram
	// head is the highest position that the runner knows to be committed.
	head atomic.Int64
}

func newRunnerMetrics(reg prometheus.Registerer, progress *Progress, c domain.Context) *runnerMetrics {
	labels := prometheus.Labels{"context": string(c)}
	m := &runnerMetrics{
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "opsledger_projection_batch_events", Help: "Events applied in one transaction.",
			ConstLabels: labels, Buckets: prometheus.ExponentialBuckets(1, 4, 7),
		}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "opsledger_projection_apply_seconds", Help: "Duration of one transaction that applied events.",
			ConstLabels: labels, Buckets: prometheus.ExponentialBuckets(0.00025, 2, 14),
		}),
	}
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "opsledger_projection_lag_events", Help: "Events known to be committed and not to be applied.", ConstLabels: labels,
	}, func() float64 { return float64(max(0, domain.Position(m.head.Load())-progress.Applied(c))) })
	poisoned := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "opsledger_projection_poisoned", Help: "1 while the projection stands still before an event that it cannot apply.", ConstLabels: labels,
	}, func() float64 {
		if progress.Poisoned(c) != nil {
			return 1
		}
		return 0
	})
	if reg != nil {
		reg.MustRegister(m.batch, m.latency, lag, poisoned)
	}
	return m
}

func (m *runnerMetrics) applied(events int, took time.Duration) {
	m.batch.Observe(float64(events))
	m.latency.Observe(took.Seconds())
}

// see takes note of a committed position.
func (m *runnerMetrics) see(p domain.Position) {
	for {
		known := m.head.Load()
		if int64(p) <= known || m.head.CompareAndSwap(known, int64(p)) {
			return
		}
	}
}

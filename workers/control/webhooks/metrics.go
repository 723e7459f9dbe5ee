package webhooks

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/webhook"
)

// metrics count what this process sends, and show what it knows while it is its turn; a process
// whose turn it is not shows none of these.
type metrics struct {
	worker        *Worker
	attempts      *prometheus.CounterVec
	hooks, oldest *prometheus.Desc
}

func newMetrics(w *Worker) *metrics {
	return &metrics{
		worker: w,
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "opsledger_webhook_attempts_total", Help: "Messages that were sent to receivers of webhooks, by what came of them: delivered or failed.",
		}, []string{"result"}),
		hooks: prometheus.NewDesc("opsledger_webhooks",
			"Webhooks by state: ACTIVE, FAILING, or PAUSED by somebody or since they were given up. Of the process that delivers.", []string{"state"}, nil),
		oldest: prometheus.NewDesc("opsledger_webhook_oldest_undelivered_seconds",
			"For how long the event has waited that has waited longest for a receiver which is not given up; 0 while none waits. Of the process that delivers.", nil, nil),
	}
}

func (m *metrics) count(o webhook.Outcome) {
	result := "failed"
	if o.Delivered() {
		result = "delivered"
	}
	m.attempts.WithLabelValues(result).Inc()
}

// Describe implements [prometheus.Collector].
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.hooks
	out <- m.oldest
}

// Collect implements [prometheus.Collector].
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	m.worker.mu.Lock()
	defer m.worker.mu.Unlock()
	if m.worker.turn == nil {
		return
	}
	now, oldest := m.worker.cfg.Now(), time.Duration(0)
	states := map[webhook.Status]int{webhook.Active: 0, webhook.Failing: 0, webhook.Paused: 0}
	for _, h := range m.worker.turn.hooks {
		states[h.delivery.Status(h.Paused)]++
		if since := h.waitsSince(); !h.resting() && !since.IsZero() {
			oldest = max(oldest, now.Sub(since))
		}
	}
	for state, n := range states {
		out <- prometheus.MustNewConstMetric(m.hooks, prometheus.GaugeValue, float64(n), string(state))
	}
	out <- prometheus.MustNewConstMetric(m.oldest, prometheus.GaugeValue, oldest.Seconds())
}

// waitsSince is since when what comes next has waited. The caller holds mu.
func (h *hook) waitsSince() time.Time {
	switch {
	case h.run != nil && !h.run.next.IsZero():
		return h.run.next
	case h.upToDate():
		return time.Time{}
	default:
		return h.waits
	}
}

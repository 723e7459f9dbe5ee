package eventstore

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	latency   prometheus.Histogram
	commands  prometheus.Histogram
	events    prometheus.Histogram
	conflicts prometheus.Counter
	retries   prometheus.Counter
	resolved  prometheus.Counter
	// handedOver counts on the side that hands over.
	handedOver prometheus.Counter
}

// newMetrics registers the metrics; without a registerer they count for nobody.
func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "opsledger_append_seconds", Help: "Time from handing a decision to the writer until its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}),
		commands: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "opsledger_append_batch_commands", Help: "Commands in one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}),
		events: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "opsledger_append_batch_events", Help: "Events in one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 15),
		}),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "opsledger_append_conflicts_total", Help: "Appends refused because what they were based on had changed.",
		}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "opsledger_execute_retries_total", Help: "Decisions taken again after a conflict.",
		}),
		resolved: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "opsledger_append_resolved_total", Help: "Commits whose outcome had to be looked up after a lost connection.",
		}),
		handedOver: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "opsledger_append_handed_over_total", Help: "Commands of this process that another process committed, see docs/architecture.md.",
		}),
	}
	if r != nil {
		r.MustRegister(m.latency, m.commands, m.events, m.conflicts, m.retries, m.resolved, m.handedOver)
	}
	return m
}

package bind

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts what the engine does.
type metrics struct {
	updates, rewrites  prometheus.Counter
	failures           prometheus.Counter
	updateSeconds      prometheus.Histogram
	additions, removed prometheus.Counter
	transfers, drift   prometheus.Counter
	reconfigs, starts  prometheus.Counter
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "opsledger", Subsystem: "bind", Name: name, Help: help})
	}
	return &metrics{
		updates:   counter("updates_total", "Dynamic updates that named took."),
		rewrites:  counter("rewrites_total", "Zones that were replaced by a file, for a change larger than an update."),
		failures:  counter("failures_total", "Tries to change a zone or the configuration that failed."),
		additions: counter("zones_added_total", "Zones added to named."),
		removed:   counter("zones_removed_total", "Zones removed from named."),
		transfers: counter("zone_comparisons_total", "Zones transferred from named and compared whole."),
		drift:     counter("drift_total", "Zones found to differ from what had been proved."),
		reconfigs: counter("reconfigs_total", "Reconfigurations of named."),
		starts:    counter("named_starts_total", "Starts of named as a child."),
		updateSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "opsledger", Subsystem: "bind", Name: "apply_seconds",
			Help:    "Time to change one zone in one view and read it back.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
}

// register adds the metrics and the gauges computed from the engine's state.
func (m *metrics) register(r prometheus.Registerer, e *Engine) error {
	if r == nil {
		return nil
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "opsledger", Subsystem: "bind", Name: name, Help: help}, value)
	}
	all := []prometheus.Collector{
		m.updates, m.rewrites, m.failures, m.additions, m.removed, m.transfers, m.drift, m.reconfigs, m.starts, m.updateSeconds,
		gauge("agent_lag", "Positions seen and not yet proved to be served.", e.lag),
		gauge("zones", "Zones, counted once in each view.", e.zoneCount),
		gauge("failing", "Zones and configurations that named does not serve as the log says.", e.failingCount),
	}
	for _, c := range all {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) lag() float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return float64(e.state.seen - e.state.frontier.applied(e.state.seen))
}

func (e *Engine) zoneCount() float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return float64(len(e.state.inView))
}

func (e *Engine) failingCount() float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.state.failing)
	if e.state.settings.failure != nil {
		n++
	}
	if e.silent != nil {
		n++
	}
	return float64(n)
}

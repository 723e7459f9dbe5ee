package eventstore

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
)

// relayMetrics is what the relay tells of itself.
type relayMetrics struct {
	published prometheus.Counter
	// head is the highest position known to be committed, last the stream's.
	head, last atomic.Int64
}

// newRelayMetrics registers the metrics; a nil registerer keeps them private.
func newRelayMetrics(reg prometheus.Registerer) *relayMetrics {
	m := &relayMetrics{published: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "opsledger_relay_published_total",
		Help: "Events that this process published on JetStream.",
	})}
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "opsledger_relay_lag_events",
		Help: "Events that this process knows to be committed and not to be on JetStream.",
	}, func() float64 { return float64(max(0, m.head.Load()-m.last.Load())) })
	if reg != nil {
		reg.MustRegister(m.published, lag)
	}
	return m
}

// see takes note of a committed position.
func (m *relayMetrics) see(p domain.Position) {
	for {
		known := m.head.Load()
		if int64(p) <= known || m.head.CompareAndSwap(known, int64(p)) {
			return
		}
	}
}

// have takes note of the stream's last position, which falls when a stream is lost.
func (m *relayMetrics) have(p domain.Position) { m.last.Store(int64(p)) }

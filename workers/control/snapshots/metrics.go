package snapshots

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	builds prometheus.Histogram
	rows   prometheus.Gauge
	bytes  prometheus.Gauge
}

// newMetrics registers the metrics; with a nil registerer they count unseen.
func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		builds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "opsledger_snapshot_build_seconds", Help: "Time to build one snapshot for agents.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 14),
		}),
		rows: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "opsledger_snapshot_rows", Help: "Rows of the newest snapshot.",
		}),
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "opsledger_snapshot_bytes", Help: "Compressed size of the newest snapshot.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.builds, m.rows, m.bytes)
	}
	return m
}

func (m *metrics) built(took time.Duration, s *snapshot) {
	size := 0
	for _, c := range s.chunks {
		size += len(c)
	}
	m.builds.Observe(took.Seconds())
	m.rows.Set(float64(s.rows))
	m.bytes.Set(float64(size))
}

package ddns

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of the door. No label is a sender's to make up.
type metrics struct {
	seconds *prometheus.HistogramVec
	dropped prometheus.Counter
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "opsledger_dns_message_duration_seconds",
			Help:    "Time to answer a DNS message, by what it asked for and response code.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"what", "rcode"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "opsledger_dns_messages_dropped_total", Help: "DNS messages that were dropped for want of places or allowance.",
		}),
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.seconds, m.dropped} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("metrics of DNS: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) answered(what what, rcode string, took time.Duration) {
	m.seconds.WithLabelValues(string(what), rcode).Observe(took.Seconds())
}

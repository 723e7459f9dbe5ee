package reporter

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

type metrics struct {
	lag      *prometheus.GaugeVec
	failures *prometheus.GaugeVec
	reports  *prometheus.CounterVec
	dropped  *prometheus.CounterVec
	online   prometheus.Gauge
}

// newMetrics registers the metrics; with a nil registerer they count unseen.
func newMetrics(reg prometheus.Registerer) *metrics {
	agent := []string{"agent"}
	m := &metrics{
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "opsledger_agent_lag", Help: "Positions of the log between the last dns event and what the agent's named serves.",
		}, agent),
		failures: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "opsledger_agent_failures", Help: "Things that the agent's named does not serve as the log says.",
		}, agent),
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "opsledger_agent_reports_total", Help: "Reports taken.",
		}, agent),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "opsledger_agent_reports_dropped_total", Help: "Reports not taken, by reason.",
		}, []string{"reason"}),
		online: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "opsledger_agents_online", Help: "Agents that reported lately.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.lag, m.failures, m.reports, m.dropped, m.online)
	}
	return m
}

func (m *metrics) heard(r protocol.Report, last domain.Position) {
	agent := strconv.FormatInt(r.Agent, 10)
	m.reports.WithLabelValues(agent).Inc()
	m.failures.WithLabelValues(agent).Set(float64(len(r.Failures)))
	m.lagging(r.Agent, r.Applied, last)
}

func (m *metrics) lagging(agent int64, applied, last domain.Position) {
	m.lag.WithLabelValues(strconv.FormatInt(agent, 10)).Set(float64(max(0, last-applied)))
}

func (m *metrics) drop(reason string) { m.dropped.WithLabelValues(reason).Inc() }

// forget ends the series of an agent that is not enrolled any more.
func (m *metrics) forget(agent int64) {
	id := strconv.FormatInt(agent, 10)
	m.lag.DeleteLabelValues(id)
	m.failures.DeleteLabelValues(id)
	m.reports.DeleteLabelValues(id)
}

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
	// up and resolves are 0 of a server whose agent is away; resolves and queries have no series
	// of one whose agent says nothing of them.
	up, resolves, queries *prometheus.GaugeVec
	reports               *prometheus.CounterVec
	dropped               *prometheus.CounterVec
	online                prometheus.Gauge
	// servers are the names of the agents' servers. The reporter's lock guards them.
	servers map[int64]string
}

// The labels of what is about one agent: the id of its server, and the server's name.
const labelAgent, labelServer = "agent", "server"

// newMetrics registers the metrics; with a nil registerer they count unseen.
func newMetrics(reg prometheus.Registerer) *metrics {
	agent := []string{labelAgent, labelServer}
	ofAgent := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, agent)
	}
	m := &metrics{
		servers: map[int64]string{},
		lag: ofAgent("opsledger_agent_lag",
			"Positions of the log between the last dns event and what the agent's named serves."),
		failures: ofAgent("opsledger_agent_failures",
			"Things that the agent's named does not serve as the log says."),
		up: ofAgent("opsledger_agent_up",
			"1 while the agent reports, 0 once it has been silent for 15 s."),
		resolves: ofAgent("opsledger_server_resolves",
			"1 while the server's clients get what named has taken of the log; 0 while they do not, or the agent is away. What named refuses is opsledger_agent_failures."),
		queries: ofAgent("opsledger_server_queries_per_second",
			"Questions of the server's clients, lately; without signed ones and those of the agent."),
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
		reg.MustRegister(m.lag, m.failures, m.up, m.resolves, m.queries, m.reports, m.dropped, m.online)
	}
	return m
}

// heard notes a report of the agent of a server, whose name stands beside its id.
func (m *metrics) heard(r protocol.Report, server string, last domain.Position) {
	labels := m.labels(r.Agent, server)
	m.reports.With(labels).Inc()
	m.failures.With(labels).Set(float64(len(r.Failures)))
	m.lagging(r.Agent, server, r.Applied, last)
}

func (m *metrics) lagging(agent int64, server string, applied, last domain.Position) {
	m.lag.With(m.labels(agent, server)).Set(float64(max(0, last-applied)))
}

// condition notes how the server of an agent is, nil while that is not known.
func (m *metrics) condition(agent int64, server string, online bool, c *protocol.Condition) {
	labels := m.labels(agent, server)
	m.up.With(labels).Set(oneIf(online))
	m.queries.Delete(labels)
	if c == nil && online { // of an earlier version
		m.resolves.Delete(labels)
		return
	}
	m.resolves.With(labels).Set(oneIf(c != nil && c.Resolve))
	if c != nil && c.QueryRate != nil {
		m.queries.With(labels).Set(*c.QueryRate)
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// labels are those of the agent of a server. The series of another name of the server end.
func (m *metrics) labels(agent int64, server string) prometheus.Labels {
	if known, named := m.servers[agent]; named && known != server {
		m.forget(agent)
	}
	m.servers[agent] = server
	return prometheus.Labels{labelAgent: strconv.FormatInt(agent, 10), labelServer: server}
}

func (m *metrics) drop(reason string) { m.dropped.WithLabelValues(reason).Inc() }

// forget ends the series of an agent that is not enrolled any more.
func (m *metrics) forget(agent int64) {
	delete(m.servers, agent)
	of := prometheus.Labels{labelAgent: strconv.FormatInt(agent, 10)}
	m.lag.DeletePartialMatch(of)
	m.failures.DeletePartialMatch(of)
	m.up.DeletePartialMatch(of)
	m.resolves.DeletePartialMatch(of)
	m.queries.DeletePartialMatch(of)
	m.reports.DeletePartialMatch(of)
}

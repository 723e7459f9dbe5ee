package reporter

import "time"

// AgentStatus is what is known of one agent.
type AgentStatus struct {
	// Online says that the agent has reported lately. Seen is the time of its last
	// report, zero for never.
	Online bool
	Seen   time.Time
	// Named is the version that its named reported, empty while it does not answer.
	Named string
}

// AgentStatus returns what is known of the agent of a server.
func (r *Reporter) AgentStatus(server int64) AgentStatus {
	return r.ServerCondition(server).AgentStatus
}

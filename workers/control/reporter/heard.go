package reporter

import "time"

// Heard is what is known of one agent.
type Heard struct {
	// Online: it reported lately. Seen is when it last did, zero for never.
	Online bool
	Seen   time.Time
	// Named is the version that its named reported, empty while it does not answer.
	Named string
}

// Heard returns what is known of the agent of a server.
func (r *Reporter) Heard(server int64) Heard {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.words[server]
	if w == nil {
		return Heard{}
	}
	return Heard{Online: w.online(time.Now()), Seen: w.received, Named: w.report.Named}
}

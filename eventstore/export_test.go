package eventstore

import "time"

// NeverPoll leaves the relay with what this process commits.
func (r *Relay) NeverPoll() { r.poll = time.Hour }

// Package nameserver is a DNS host's end of the bus: it brings the log's dns events,
// in order and without holes, to an engine that materialises them in named.
//
// Stage in the flow: stream EVENTS → the agent's own pull consumer → [Engine];
// and back: what the engine has proved → reports → control plane.
//
// Contract: the engine starts from a snapshot and then gets each dns event once,
// in the order of the log. Whatever may be lost or mixed up on the way (events
// expired while the host slept, a stream made anew, a crash with unacknowledged
// messages, a restored log) ends in a repeated delivery or in a new snapshot,
// never in a silent hole. The acknowledgements only move the consumer; what the
// agent has is what named and the snapshot say.
//
// The agent may use exactly the subjects that package busauth grants. It must
// not create, inspect or delete anything on JetStream, so requests are raw.
package nameserver

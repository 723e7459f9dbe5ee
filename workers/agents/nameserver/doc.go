// Package nameserver is the follower of a name server's agent, its end of the bus: it
// brings the log's dns events, in order and without gaps, to the engine that makes
// named serve them.
//
// Stage in the flow: stream EVENTS → the agent's own pull consumer → [Engine]; and
// back: the engine's status → reports → control plane.
//
// Contract: the follower believes what the control plane has signed, and nothing else
// that the bus brings. The engine starts from a snapshot and then gets each change once, in
// the order of the log, when all of its dns events are there. Events may be lost or mixed up on the way (expired while the
// host slept, a stream made anew, a crash with unacknowledged messages, a restored
// log): this always ends in a repeated delivery or a new snapshot, never in a gap that
// nobody notices. Acknowledgements only move the consumer; after a restart the agent
// begins with a snapshot, whatever was acknowledged.
//
// The follower may use only the subjects that package busauth grants to the agent. It
// must not create, inspect or delete anything on JetStream, so its requests are made
// without a JetStream client.
package nameserver

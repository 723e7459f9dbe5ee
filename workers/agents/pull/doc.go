// Package pull brings the events of a consumer on the EVENTS stream to an agent
// that may do nothing with JetStream but pull from that consumer, acknowledge,
// and reset it.
//
// Stage in the flow: stream EVENTS → an agent's own consumer → packages nameserver and host.
//
// Contract: [Feed.Follow] hands events over one by one until something is wrong;
// then the agent, which knows what it has, begins again, with [Reset] where it
// wants to begin elsewhere. Events may come twice, and may be missing. Requests are
// raw, since a client library wants to inspect the consumer, which agents may not.
package pull

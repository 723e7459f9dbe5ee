// Package pull brings the events of a consumer on the EVENTS stream to an agent
// that may do nothing with JetStream but pull from that consumer, acknowledge, unpin
// and reset it.
//
// Stage in the flow: stream EVENTS → an agent's own consumer → packages nameserver and host.
//
// Contract: [Feed.Follow] hands events over one by one until something is wrong. Then
// the agent begins again, after [Reset] if it wants to begin at another position. Events
// may come twice, and may be missing; the agent notices. Requests are made without a
// JetStream client, which would inspect the consumer, as agents may not.
package pull

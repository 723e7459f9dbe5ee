// Package pull brings the messages of a consumer on the EVENTS stream to an agent
// that may do nothing with JetStream but pull from that consumer, acknowledge,
// and reset it.
//
// Stage in the flow: stream EVENTS → an agent's own consumer → packages agent and host.
//
// Contract: whatever goes wrong with a delivery ends it with an error, and the
// agent starts another one; what comes late for an earlier delivery does not
// reach a later one. A message is an event only if all that it says of itself
// agrees. Requests are raw, since a client library wants to inspect the consumer,
// which agents may not.
package pull

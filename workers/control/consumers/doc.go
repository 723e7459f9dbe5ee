// Package consumers keeps one pull consumer on the EVENTS stream for every
// enrolled agent, which has no right to make its own.
//
// Stage in the flow: control side, between the rosters of servers and machines
// and JetStream.
//
// Contract: any number of processes may run it; what one has done the others
// find done. A consumer is made again after its stream was, and its position is
// the agent's business: see package nameserver. A consumer is taken away only when
// the log itself says that its agent is not enrolled.
package consumers

// Package consumers keeps one pull consumer on the EVENTS stream for every
// enrolled agent, which has no right to make its own.
//
// Stage in the flow: control plane; rosters of servers and machines → consumers on
// JetStream.
//
// Contract: any number of processes may run the package; each finds what another has
// done. A consumer is made again after its stream was; the agent sets its position, see
// package nameserver. A consumer is removed only if the log itself says that its agent
// is not enrolled.
package consumers

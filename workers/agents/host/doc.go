// Package host is the follower of a host's agent, its end of the bus for tasks and ssh
// keys: it brings the host's work to the executor and the keeper of keys, and their
// results to the control plane.
//
// Stage in the flow: the host's work → executor, ssh keys; and back: reports
// and heartbeats → control plane, lines → stream OUTPUT.
//
// Contract: the host's work is state, not a list of messages. The follower asks for it
// at the start, after each reconnection, when the control plane tells it to, and every
// few minutes. The events of the host's consumer only bring changes early, so that a
// lost event does no harm. Duplicates do no harm either: attempts have numbers, which
// the executor's journal remembers. A report is repeated until the log has it. While
// the bus is away, tasks go on, and are reported later. An agent that starts begins no
// attempt before it knows what is still wanted.
//
// The follower may use only the subjects that package busauth grants to the agent, and
// drops messages that are not of its own log, host and consumer.
package host

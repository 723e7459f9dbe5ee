// Package host is a host's end of the bus for tasks and ssh keys: it brings what
// the log says to an executor and a keeper of keys, and what comes of it back.
//
// Stage in the flow: the host's work and news of it → executor, ssh keys;
// and back: reports → control plane, lines → stream OUTPUT, signs of life.
//
// Contract: the host's work is state. It is asked for at the start, after each
// reconnection, when the control plane says so, and every few minutes; the events
// of the host's consumer only bring it early, so whatever is lost of them is
// healed. Duplicates are harmless: attempts have numbers, and the executor's
// journal remembers them. A report is repeated until the log has it. While the bus
// is away tasks go on, and are reported later. An agent that starts begins nothing
// before it has heard what is still wanted.
//
// It may use exactly the subjects that package busauth grants, and believes
// nothing that is not of its own log, host and consumer.
package host

// Package ops decides about machines, about tasks and their execution on hosts, and
// about ssh keys.
//
// Stage in the flow: api, workers/control/hostdesk and workers/control/presence make
// commands; the event store lets them decide on folds of the log and appends the events
// that they return.
//
// Contract: pure; no I/O, no clock, no randomness. The package uses domain/access for
// rights, and knows nothing of DNS.
//
// An execution of a task on its machine is an attempt. Its number is the position of the
// event that accepted it. A report about an attempt that is not the task's newest one
// changes nothing, so that a host that was thought lost can never overwrite what
// happened since.
package ops

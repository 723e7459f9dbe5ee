// Package ops decides about machines, tasks and their execution on hosts, and
// ssh keys: the operations dialect.
//
// Stage: api, the desk of hosts and presence build commands, eventstore lets them
// decide on folds of the log, and what they return is appended. Contract: pure; no
// I/O, no clock, no randomness. It stands on domain/access (who may), and knows nothing
// of DNS.
//
// An execution of a task on its machine is an attempt, named by the position of
// the event that accepted it. A report about an attempt that is not the task's
// current one changes nothing, so a host that was thought lost can never
// overwrite what happened since.
package ops

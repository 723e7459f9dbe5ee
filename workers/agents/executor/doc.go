// Package executor carries out tasks on a host: it exchanges files, runs SQL
// files and runs programs that the host's configuration allows, and nothing else.
//
// Stage in the flow: the agent's bus end hands over what the log says (Assign,
// Cancel), and passes on what comes out (Reports, Lines). Here an attempt is
// written to a journal, waits for its turn, runs, and is reported until the
// control plane has its end (Settled).
//
// Contract: an attempt runs at most once, also when the agent is killed at any
// moment; its end is reported at least once. What the host's configuration does
// not name does not happen. An attempt that fails leaves the host as it was, as
// far as opsledger does the work itself.
//
// It must not know the bus, and nothing that comes from outside reaches a shell.
// docs/executors.md is the manual for those who configure a host and write actions.
package executor

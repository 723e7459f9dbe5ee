// Package executor carries out tasks on a host: it exchanges files, runs SQL
// files and runs programs that the host's configuration allows, and nothing else.
//
// Stage in the flow: package host hands over the attempts that the log has for this
// host (Assign, Cancel), and passes on their Reports and Lines. The executor writes
// an attempt to its journal, lets it wait for its turn, runs it, and reports it until
// the control plane has acknowledged its end (Acknowledged).
//
// Contract: an attempt runs at most once, even if the agent is killed at any moment;
// its end is reported at least once. Only actions, targets and databases of the
// host's configuration can be used. An attempt of a built-in action that fails leaves
// the host as it was.
//
// The executor must not know the bus, and must pass nothing that comes from outside to
// a shell.
// docs/executors.md is the manual for those who configure a host and write actions.
package executor

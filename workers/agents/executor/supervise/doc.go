// Package supervise runs programs and ends their whole tree of processes: with the
// program, on demand, or when this process ends, however it ends.
//
// Stage in the flow: the executor starts a program, reads its output, and learns how
// it ended. Between the executor and the program runs a supervisor, a process of the
// same binary that calls Main. It is the subreaper of the program's tree, so that it
// finds a process that left its group or its parent, and it notices by the end of a
// pipe that the executor's process is gone.
//
// Contract: when Wait returns, no process of the tree runs any more, unless the
// End says so. The package must not know what the programs are
// for. Linux only.
package supervise

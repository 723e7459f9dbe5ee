// Package supervise runs programs whose whole tree of processes ends when it
// should: with the program, on demand, or with this process, however that ends.
//
// Stage in the flow: the executor starts an action here, reads what it writes,
// and learns how it ended. Between the two stands a supervisor, a process of the
// same binary that calls Main. It is the reaper of everything below it, so that
// a process that left its group or its parent is found, and it notices by the end
// of a pipe that this process is gone.
//
// Contract: when Wait returns, no process of the tree runs any more, unless the
// End says so. It must not know what the programs are for. Linux only.
package supervise

// Package output keeps the output of attempts for a while, and reads it.
//
// Stage in the flow: control plane; hosts → stream OUTPUT → readers of a task's output.
//
// Contract: the stream has limits of its own, and no output enters the log. The bus lets
// a host publish under its own id only, so that the output of a machine's attempt comes
// from that machine. The host numbers the lines: a reader returns each line at most once,
// in ascending order; missing numbers were dropped by the host or by the stream's limits,
// and do not come later.
package output

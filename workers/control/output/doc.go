// Package output keeps the output of attempts for a while, and reads it.
//
// Stage in the flow: control plane; hosts → stream OUTPUT → readers of a task's output.
//
// Contract: the stream has limits of its own, and no output enters the log. Hosts cannot
// write into the stream: they send lines to the control plane, which stores those of
// attempts that the log says are the sender's. The bus lets a host send under its own id
// only. What one host stores is bounded, in a second and as a whole, so that it cannot push
// out what others have stored. The host numbers the lines: a reader returns each line at most once,
// in ascending order; missing numbers were dropped by the host or by the stream's limits,
// and do not come later.
package output

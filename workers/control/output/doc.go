// Package output keeps what attempts print, for a while, and lets it be read.
//
// Stage in the flow: control side; hosts → stream OUTPUT → readers of a task's log.
//
// Contract: the stream has limits of its own, and nothing of it enters the log.
// The bus lets a host write under its own id alone, so what is read of a
// machine's attempt is that machine's word. Lines are numbered by the host: a
// reader returns each at most once, ascending; numbers that are left out were
// dropped, by the host or by the stream's limits, and do not come later.
package output

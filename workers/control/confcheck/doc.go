// Package confcheck finds out whether named would take a BIND main configuration
// before it is accepted into the log.
//
// Stage in the flow: api → [Checker.Check] → an agent that is online, which checks the
// text with its own version of named and together with its views; while none is, the
// program named-checkconf of this machine.
//
// Contract: the text that is checked was rendered from parsed statements, with stand-ins
// for secrets; no client's text reaches the program. No answer never counts as consent: if
// nobody could check, Check returns ErrNoChecker or ErrBusy.
package confcheck

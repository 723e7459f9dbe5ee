// Package confcheck finds out whether named would take a BIND main configuration
// before it is accepted into the log.
//
// Stage in the flow: api → [Checker.Check] → an agent that is there, which checks
// the text in its own surroundings and with its own version; else the program
// named-checkconf of this machine.
//
// Contract: what is checked was rendered from parsed statements; no client's text
// reaches the program. It holds its secrets in clear, so it is written only to a file
// that nobody else can read, and never logged. Silence is never consent: when
// nobody could check, the answer is ErrNoChecker.
package confcheck

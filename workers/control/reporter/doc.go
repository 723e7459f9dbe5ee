// Package reporter knows how far each agent is and answers whether a change is
// served.
//
// Stage in the flow: agents' reports → memory of every serve process (and a row
// in Postgres, so that a start knows the last word) → [Reporter.Change].
//
// Contract: a server has a change when its agent has proved it by reading back
// from named; nothing here guesses. Reports are taken only from enrolled agents
// and only about this log. It also tells all agents regularly where the log
// ends, so that one that lost events in a quiet time finds out.
package reporter

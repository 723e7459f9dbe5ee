// Package reporter knows how far each name server's agent is, and whether a change is
// served.
//
// Stage in the flow: agents' reports → memory of every serve process (and a row in
// Postgres, from which the next process starts) → [Reporter.Change].
//
// Contract: a server has a change only if its agent has read the change back from
// named, and named's clients still get what the log says where the change is about. The reporter takes reports only from enrolled agents and only about this log.
// It also tells all agents regularly where the log ends, so that an agent that has lost
// the newest events finds out.
package reporter

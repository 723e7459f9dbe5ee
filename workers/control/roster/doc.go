// Package roster knows which servers, and which machines, have an enrolled agent.
//
// Stage in the flow: control plane; read models of servers and machines → the packages
// that deal with agents.
//
// Contract: [Roster.Fresh] returns a list whose reading began after the call, and which
// callers at the same time share; [Roster.Enrolled] answers from memory and lags by
// milliseconds. Before anything is taken away from an agent, [Enrolment] or
// [HostEnrolment] must be asked, which read the log itself.
package roster

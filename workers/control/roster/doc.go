// Package roster knows which servers, and which machines, have an enrolled agent.
//
// Stage in the flow: between the read models of servers and machines and
// everybody on the control side who deals with agents.
//
// Contract: [Roster.Fresh] answers from a read that began after it was called,
// shared by all who ask at the same time; [Roster.Enrolled] answers from memory
// and lags by milliseconds. Who is about to take something away from an agent
// asks [Enrolment] or [HostEnrolment] instead, which read the log itself.
package roster

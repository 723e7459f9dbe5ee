// Package roster knows which servers have an enrolled agent.
//
// Stage in the flow: between the read model of servers and everybody on the
// control side who deals with agents: consumers, snapshots, reporter, busauth.
//
// Contract: [Roster.Fresh] answers from a read that began after it was called,
// shared by all who ask at the same time; [Roster.Enrolled] answers from memory
// and lags by milliseconds. Who is about to take something away from an agent
// asks [Enrolment] instead, which reads the log itself.
package roster

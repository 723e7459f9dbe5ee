// Package snapshots gives name servers' agents the state that their engines start from,
// all that named serves at one position of the log; and the secrets that the current
// BIND configuration names.
//
// Stage in the flow: control plane; read model of the dns context → agents.
//
// Contract: every serve process answers; the process that made a snapshot keeps its
// chunks for a while and serves them itself. Agents that ask at the same position share
// a snapshot. Only enrolled agents are answered, and only into their own inboxes, with
// answers that are signed for the agent and its question (a snapshot's for all of it). A
// snapshot is of one position of one log, and an agent gets all of it or nothing.
package snapshots

// Package snapshots gives agents what their engine starts from: all that name
// servers render, at one position of the log; and the secrets that the current
// BIND configuration names.
//
// Stage in the flow: control side, read model of the dns context → agents.
//
// Contract: every serve process answers; the one that made a snapshot keeps its
// chunks for a while and serves them itself. Agents that ask at the same position
// share one. It answers only enrolled agents, and only into their own inboxes. A
// snapshot is of one log, one position, whole or not at all.
package snapshots

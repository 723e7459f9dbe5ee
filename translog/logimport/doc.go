// Package logimport makes the log of a file that of a database which has none: the same one
// that has moved, or a copy of it.
//
// Stage in the flow: a file that package logfile has written → the tables of the log and of its
// tree → serve, which computes the rest.
//
// Contract: a file that is not whole and sound is refused before anything is written, and all is
// written in one transaction of the caller's. A log that has moved has the same id, events,
// hashes, tree and checkpoints. A copy has the same events and hashes, an id of its own, and
// behind the events others by which every agent's enrolment, every credential and every webhook
// ends. It never signs under the origin of the log that it is a copy of.
//
// It must not touch the vault.
package logimport

// Package datafolder is the folder in which everything private to one opsledger
// lives: its PostgreSQL, its NATS streams, its keys, and running.json, by which
// other commands on this machine find the process that holds the folder.
//
// Contract: one process at a time holds the folder; the lock ends with it.
//
// It must not know what is kept in the folder.
package datafolder

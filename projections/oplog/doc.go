// Package oplog is the operation log: who did what to which resource, in texts for
// people.
//
// Stage: the models of all contexts each write the entries of their events into a table
// of their own, in the transaction that changes their rows; a [Reader] lists the entries
// of all. Contract: an entry's id is the position of its
// event, so the list is the same after every rebuild. Who sees which entry is decided
// by [access.Actor.Sees]; visible.go says it once more in SQL, and a test compares
// the two. It must not hold a secret or anything personal.
package oplog

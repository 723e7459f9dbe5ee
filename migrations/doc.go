// Package migrations brings a database to the schema of this program: the log,
// the vault, and what agents said last. Read models are not here, projections
// create their own.
//
// Contract: numbered SQL files, each run once, in order, in a transaction of its
// own under a lock that all processes share. Released files are never changed.
package migrations

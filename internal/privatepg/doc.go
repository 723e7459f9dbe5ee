// Package privatepg runs a PostgreSQL server of our own below a data folder, so
// that opsledger needs no configured database.
//
// Stage in the flow: cmd starts it before anything else and hands its URL to the
// event store; tests use it with fsync off.
//
// Contract: the server is reached by a unix socket in a 0700 folder only, never
// by TCP, so the file system decides who gets in. A folder belongs to one process
// at a time. Whatever died before, Start brings the server up on the same data.
// It must not know what is stored in the database.
package privatepg

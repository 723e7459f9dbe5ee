// Package projections computes what the API lists from the log: one model for
// each context, its tables, its operation log and the queries on them.
//
// Stage in the flow: behind the log, before api and the agents. A [Runner]
// follows the events of one context (its own process's from memory, others' from
// JetStream, and from Postgres where those leave a gap) and hands them to a
// [Model], which writes its tables in the runner's transaction; [Reader] answers from the
// tables; [Progress] tells who waits how far they are.
//
// Contract: everything here can be thrown away and computed again from the log,
// with the same rows as the result, whatever batches the events came in and
// whatever the clock says. Readers never see a half-built table: a rebuild works
// in a schema of its own and is renamed into place.
//
// A list is read for a [Caller] and leaves out what that user may not ACCESS. The
// rule is domain/access's; it stands once more in SQL, in visible.go for what
// lives and in oplogs_visible.go for the past. Tables of who held what keep the
// positions since and until which it held; automatic privileges are computed.
//
// It must not decide anything, append anything, or keep what is not in the log.
package projections

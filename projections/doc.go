// Package projections is the engine of the read models: it brings their tables to
// the log's head, and rebuilds them while they serve.
//
// Stage in the flow: behind the log, before api and the workers. A [Runner] follows
// the events of one context (its own process's from memory, others' from JetStream,
// and from Postgres where those leave a gap) and hands them to a [Model], which
// writes its tables in the runner's transaction. [Progress] tells those who wait how
// far the read models are. [Rebuild] and [Prepare] fill tables in a separate schema
// and rename that into place, so readers never see a half-built table.
//
// Contract: everything here can be thrown away and computed again from the log,
// with the same rows as the result, whatever batches the events came in and
// whatever the clock says.
//
// The models stand beside each other, each with its tables, its writes (the files
// named _apply) and its Reader: accessmodel, dnsmodel and opsmodel. What they share:
// table says a table's columns once, rowset keeps the rows that a batch touches,
// query reads pages of lists, rights is the rule who may ACCESS what in SQL, oplog
// is the operation log. modeltest is a kit for their tests.
//
// It must not decide anything, append anything, keep what is not in the log, or
// know a model.
package projections

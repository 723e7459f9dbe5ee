// Package bind is the engine of a name server's agent: it makes one named serve
// what the log says, and proves how far named does.
//
// Stage in the flow: package nameserver receives the dns context's events over the
// bus and hands them over in order, change by change (Reset with a snapshot, then
// Take). The engine folds them into the desired state in memory. Its workers compare
// the desired state with what named holds, per zone and view, send the difference as
// signed dynamic updates, as a new zone file (distribute.go says when), or as addzone
// and delzone commands, and read back what named then serves. Status says up to which
// position this has been proved. Beside all of that, health asks named what its clients ask,
// without the engine's key.
//
// Contract: the log alone decides what is served. What is on disk or in named may
// be lost, stale or edited at any moment: the engine compares and repairs it, and
// never trusts it. A failure stays with its zone and view; named goes on serving
// the last good state.
//
// The engine must not know the bus or Postgres, must not decide anything about
// DNS data that the domain has accepted, and must not reconfigure named for a
// change of records or zones.
package bind

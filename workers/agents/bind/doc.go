// Package bind is the engine of a BIND agent: it makes one named serve what the
// log says, and knows how far that is.
//
// Stage in the flow: package nameserver receives the dns context's events over the
// bus and hands them here in order (Reset with a snapshot, then Apply). Events
// fold into the desired state in memory; workers compare it with what named
// holds, per zone and view, send the difference as signed dynamic updates or
// addzone and delzone commands, and read back what named then serves. Status
// says up to which position that has been proved.
//
// Contract: the log is the only input that decides what is served; whatever is
// on disk or in named may be lost, stale or edited at any moment and is
// compared and repaired, never trusted. A failure stays with the zone and view
// it belongs to; the last good state keeps serving.
//
// The engine must not know the bus or Postgres, must not decide anything about
// DNS data that the domain has accepted, and must not reconfigure named for a
// change of records or zones.
package bind

// Package zonefile reads master files (RFC 1035, section 5) as named reads them.
//
// Stage: an import has its body read here, as it comes; what was read is compared with what
// the zone has in package zoneimport. Contract: each record is read as named-compilezone of
// BIND 9.18 reads it, or its line is refused with a reason. Reading costs memory for the
// records alone, each once, and goes on behind a line that is refused, to tell of all of them.
//
// The file is cut into entries here, and not by the library's zone parser: that one ends at the
// first error, says no line of a record, and reads some texts otherwise than named (line ends
// in quotes, quotes and TTLs of $GENERATE, TTLs without $TTL). The data of each record is read by
// package dns as that of every client is, through the library where it has no reader of its own.
// What the library reads otherwise than named is read here as octets, or refused.
//
// It must not decide whether a record may stand where it does: that is the commands' business.
package zonefile

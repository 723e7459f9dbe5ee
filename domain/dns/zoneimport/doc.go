// Package zoneimport makes one command, or one staged import, of what a master file says otherwise
// than a zone does.
//
// Stage: api reads a file (package zonefile) and shows a [Comparison] the records that the zone
// has in a view at a position; the command that comes of it is decided like any other, by the
// commands of package dns that a client's requests become. More than one change of the log is
// decided by a [Staging], and appended by package imports. Contract: records that are the same
// stay as they are, with id and comment; what is generated is no record and is not made one.
// It must not decide by itself whether a record may stand in the zone.
package zoneimport

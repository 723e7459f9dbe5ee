// Package zoneupdate makes one command of an update message (RFC 2136): its prerequisites, and
// what it adds and deletes. It makes one, too, of RRsets as a client wants them ([Sets]).
//
// Stage: package ddns knows who sent a message and what zone and view it is for, and shows the
// records of its sections to [New]; the command that comes of it is decided like any other, each
// part by the command of package dns that a client's request becomes. Contract: what RFC 2136
// ignores leads to no event, and what it refuses ends the whole message with the response code
// that it says, see [Failure]. It must not decide by itself who may change a record, or whether
// a record may stand in its zone.
package zoneupdate

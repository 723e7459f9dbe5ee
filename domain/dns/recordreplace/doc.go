// Package recordreplace makes one command of a search for records and of what they are to
// become.
//
// Stage: api reads a [Find] and a [Set] and shows a [Replacement] the records that its caller
// sees; the command that comes of it is decided like any other, by the commands of package dns
// that a client's requests become. Contract: a value is found as the record's reader reads it,
// however it is written. It must not decide by itself who may change a record, or whether it
// may stand in its zone.
package recordreplace

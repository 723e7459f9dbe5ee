// Package batch decides many commands as one: all of them, or none.
//
// Stage in the flow: api makes one [Command] of a request's operations; to the
// event store it is a command like any other, with one append and one condition.
//
// Contract: a batch decides what its operations would decide one after another,
// each on what the log and the operations before it say; rules about several
// resources ([domain.Judged]) hold at its end. If any operation is refused the batch
// is, with an [Error] that names each of them. Its reads are those of all
// operations together: as many round trips as one operation needs, whatever
// their number.
//
// It must not know what the commands are about.
package batch

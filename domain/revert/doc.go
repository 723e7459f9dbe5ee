// Package revert makes one command of what happened and is to be undone.
//
// Stage in the flow: api reads the changes that a request names from the log; the command that
// comes of them is decided like any other, as a batch of the inverses of their events, each of
// which is a client's own command or stands beside one. Contract: every type of event has an
// entry in the table of inverses; what cannot be undone is named by a [Conflict], and never
// passed over. It must not decide by itself who may undo what: each inverse needs the right of
// the same change made by hand.
package revert

// Package pipeline sends transactions to PostgreSQL behind each other: the next
// one is sent before the one in front of it is answered, so that the server
// begins with it at once.
//
// Stage in the flow: eventstore's writer sends the transactions of its batches here,
// behind each other while it knows where the log ends. A batch whose transaction
// fails is committed alone, after a look at the log.
//
// Contract: transactions are carried out and answered in the order in which they
// were sent. An answer that does not arrive is reported as such, never guessed.
//
// It must not know what the statements do, and decides nothing: a transaction
// that must not be committed without the one in front of it has to check that itself.
package pipeline

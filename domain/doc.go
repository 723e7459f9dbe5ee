// Package domain is the pure heart of opsledger: events, the commands that
// decide them, and the folds that commands base their decisions on.
//
// Stage in the flow: api hands a [Command] to the event store; the store lets
// the command load [Fold]s from the log, takes the events it decides, and
// appends them on the condition that nothing new matches what was loaded (a
// dynamic consistency boundary, https://dcb.events).
//
// Contract: no I/O, no clock, no randomness, no goroutines. Time and ids arrive
// in [Env]. Apply cannot fail, Decide has no side effects: the same history
// gives the same answer, on every machine, for ever.
package domain

// Package eventstore keeps the log: the one truth from which all else is computed.
//
// Stage in the flow: api hands a command to [Store.Execute], which lets it decide
// on what the log holds and appends its events on the condition that nothing new
// matches what was read. The relay publishes the log on JetStream, where
// projections and agents follow it.
//
// Contract: positions are 1, 2, 3 … without gaps and become visible in order,
// with any number of processes appending to one PostgreSQL. An event is never
// changed. A command with an id is carried out once. Secrets never enter.
//
// It must not know what events mean: it sees names, tags and JSON. PostgreSQL
// is asked, never JetStream, when something is decided.
package eventstore

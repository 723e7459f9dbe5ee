// Package eventstore keeps the log: the one truth from which all else is computed.
//
// Stage in the flow: api hands a command to [Store.Execute] (execute.go), which
// passes three stages. The command decides on what the log holds (decide.go, with
// history.go for what a decision reads). Its events are appended on the condition
// that nothing new matches what was read: append.go hands them to the writer, which
// commits those of many callers together (writer.go, plan.go), in one round trip
// when it knows the log's end (optimistic.go), else after a look at it (commit.go).
// And the caller is answered with what was appended (answer.go). The relay
// (relay.go) publishes the log on JetStream, where projections and agents follow it.
//
// Contract: positions are 1, 2, 3 … without gaps and become visible in order,
// with any number of processes appending to one PostgreSQL. An event is never
// changed. A command with an id is carried out once. Secrets never enter.
//
// It must not know what events mean: it sees names, tags and JSON. A decision is
// taken on what PostgreSQL holds, never on what JetStream does.
package eventstore

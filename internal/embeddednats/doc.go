// Package embeddednats runs a NATS server with JetStream inside this process.
//
// Stage in the flow: with nothing configured, serve starts one and the relay,
// the projections and the agents talk through it; with --nats-url a real NATS
// takes its place and this package is not used.
//
// Contract: one server per directory (a lock file refuses a second one), no
// signal handlers, no exit of the process, logs through slog. The process itself
// connects over memory, everybody else with TLS where it is given. Who else may
// connect, and with which rights, is said by a Trust. It must not know of streams
// or subjects.
package embeddednats

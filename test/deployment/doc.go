// Package deployment runs opsledger for tests as it runs on machines: the real
// program as processes ([Server], [NameServer], [Machine], together a [Site]), and
// beside it what it depends on ([Postgres], [Bus]) and what stands between
// ([PostgresProxy]).
//
// Everything is driven from outside: by command lines, over HTTP ([Caller]), DNS
// ([Named]), NATS and PostgreSQL ([Log]), and by signals to processes.
//
// Contract: what is started ends with the test, and must end well unless the test
// killed it. A process that has printed a data race or a panic fails the test.
// Nothing here knows what a test is about, or opens a test-only way into the
// program.
package deployment

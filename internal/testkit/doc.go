// Package testkit gives tests the real components: PostgreSQL databases, a NATS
// server with JetStream, and a codec of all events.
//
// Contract: one PostgreSQL server for each test binary, one fresh migrated
// database for each test; everything is gone at the end, also after a failure.
// Only tests import it.
package testkit

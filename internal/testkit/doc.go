// Package testkit gives tests the real components: PostgreSQL databases, NATS
// servers with JetStream, an LDAP directory, and a codec of all events.
//
// Contract: one PostgreSQL server for each test binary, one fresh migrated
// database for each test; everything is gone at the end, also after a failure.
// Only tests import it.
package testkit

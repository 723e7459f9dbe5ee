// Package testkit gives tests the real components: PostgreSQL databases, NATS
// servers with JetStream, an LDAP directory, the program opsledger, and a codec of
// all events; and it waits for what has no signal ([Eventually]).
//
// Contract: one PostgreSQL server and one build of the program for each test
// binary, one fresh migrated database for each test, which may have begun with what
// others have begun with, too ([PostgresWith]); everything is gone at the end, also
// after a failure.
// Only tests import it.
package testkit

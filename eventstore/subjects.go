package eventstore

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
)

// Names on JetStream. All of them stand here.
const (
	// StreamEvents holds the log: its sequence numbers are log positions.
	StreamEvents = "EVENTS"
	// SubjectEvents is the prefix of every event's subject, see [Subject].
	SubjectEvents = "events"
	// MetadataLog is the stream's metadata key with the log's UUID.
	MetadataLog = "opsledger_log"
)

// Subject is where an event is published: events.<context>.<key>.<Type>. Keys
// are digits only, so that a stream of any age has few distinct subjects.
func Subject(e Envelope) string {
	return fmt.Sprintf("%s.%s.%d.%s", SubjectEvents, e.Context, e.Key, e.Type)
}

// SubjectOfContext matches every event of one context.
func SubjectOfContext(c domain.Context) string { return SubjectEvents + "." + string(c) + ".>" }

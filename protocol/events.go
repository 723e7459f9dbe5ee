package protocol

import (
	"strconv"

	"github.com/opsledger/opsledger/domain"
)

// Names on JetStream. All of them stand here.
const (
	// StreamEvents holds the log: its sequence numbers are log positions.
	StreamEvents = "EVENTS"
	// SubjectEvents is the prefix of every event's subject, see [Subject].
	SubjectEvents = "events"
	// StreamCheckpoint holds one message for each origin of the log, the newest checkpoint under
	// it, on a subject below SubjectCheckpoint.
	StreamCheckpoint  = "CHECKPOINT"
	SubjectCheckpoint = "checkpoint"
	// MetadataLog is the stream's metadata key with the log's UUID.
	MetadataLog = "opsledger_log"
)

// Subject is where an event is published: events.<context>.<key>.<Type>. Keys
// are digits only, so that a stream of any age has few distinct subjects.
func Subject(e Envelope) string {
	b := make([]byte, 0, len(SubjectEvents)+len(e.Context)+len(e.Type)+len("...")+20)
	b = append(append(append(b, SubjectEvents+"."...), e.Context...), '.')
	b = append(strconv.AppendInt(b, e.Key, 10), '.')
	return string(append(b, e.Type...))
}

// SubjectOfContext matches every event of one context.
func SubjectOfContext(c domain.Context) string { return SubjectEvents + "." + string(c) + ".>" }

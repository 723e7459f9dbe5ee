package protocol

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

// Envelope is an event as it is stored and published: the columns of its row
// in Postgres, and, marshalled as JSON, the payload of its JetStream message.
type Envelope struct {
	Position domain.Position `json:"position"`
	// Prev is the position of the previous event of the same context, 0 for the first.
	Prev domain.Position `json:"prev"`
	// More is how many events of the same change follow this one. A change is what one
	// append wrote; its events have positions in a row.
	More int `json:"more,omitempty"`
	// MoreOwn is how many of those are of this event's context.
	MoreOwn int            `json:"more_own,omitempty"`
	ID      uuid.UUID      `json:"id"`
	Type    string         `json:"type"`
	Context domain.Context `json:"context"`
	Schema  int            `json:"schema"`
	// Key is the subject key: a zone's or a host's id, or 0.
	Key  int64        `json:"key"`
	Tags []domain.Tag `json:"tags"`
	// Data is the event's JSON, byte for byte as it was first written.
	Data json.RawMessage `json:"data"`
	// Actor is the user who caused the event, 0 for the system.
	Actor domain.UserID `json:"actor"`
	// Credential is the credential by which they did, 0 for a login and the system.
	Credential domain.CredentialID `json:"credential,omitempty"`
	// Door is the way by which the change came, empty for one of before doors were kept.
	Door      domain.Door `json:"door,omitempty"`
	CommandID uuid.UUID   `json:"command_id"`
	// Causation is the position of the event that this one reacts to, 0 if none.
	Causation   domain.Position `json:"causation,omitempty"`
	Correlation uuid.UUID       `json:"correlation"`
	// RecordedAt has microsecond precision, UTC, and never decreases along the log.
	RecordedAt time.Time `json:"recorded_at"`
}

// MaxChange bounds the events of a change.
const MaxChange = 10_000

// Whole returns the events of all changes of which the list has the last event. The list
// is a part of the log.
func Whole(events []Envelope) []Envelope {
	for len(events) > 0 && events[len(events)-1].More > 0 {
		events = events[:len(events)-1]
	}
	return events
}

// DataSize is how many bytes the data of the events has.
func DataSize(events []Envelope) (size int) {
	for i := range events {
		size += len(events[i].Data)
	}
	return size
}

// ChangeEnd is the position of the last event of this event's change.
func (e *Envelope) ChangeEnd() domain.Position { return e.Position + domain.Position(e.More) }

// Decode turns the envelope into a domain event, lifting old schemas.
func (e Envelope) Decode(codec *domain.Codec) (domain.Recorded, error) {
	event, err := codec.Decode(e.Type, e.Schema, e.Data)
	if err != nil {
		return domain.Recorded{}, fmt.Errorf("event %d: %w", e.Position, err)
	}
	return e.Recorded(event), nil
}

// Recorded is the decoded event with what the envelope knows of it.
func (e *Envelope) Recorded(event domain.Event) domain.Recorded {
	return domain.Recorded{
		Position: e.Position, Prev: e.Prev, ID: e.ID, Actor: e.Actor, Credential: e.Credential, Door: e.Door,
		Causation: e.Causation, At: e.RecordedAt, Event: event, More: e.MoreOwn, ChangeEnd: e.ChangeEnd(),
	}
}

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
	Prev    domain.Position `json:"prev"`
	ID      uuid.UUID       `json:"id"`
	Type    string          `json:"type"`
	Context domain.Context  `json:"context"`
	Schema  int             `json:"schema"`
	// Key is the subject key: a zone's or a host's id, or 0.
	Key  int64        `json:"key"`
	Tags []domain.Tag `json:"tags"`
	// Data is the event's JSON, byte for byte as it was first written.
	Data json.RawMessage `json:"data"`
	// Actor is the user who caused the event, 0 for the system.
	Actor     domain.UserID `json:"actor"`
	CommandID uuid.UUID     `json:"command_id"`
	// Causation is the position of the event that this one reacts to, 0 if none.
	Causation   domain.Position `json:"causation,omitempty"`
	Correlation uuid.UUID       `json:"correlation"`
	// RecordedAt has microsecond precision, UTC, and never decreases along the log.
	RecordedAt time.Time `json:"recorded_at"`
}

// Decode turns the envelope into a domain event, lifting old schemas.
func (e Envelope) Decode(codec *domain.Codec) (domain.Recorded, error) {
	event, err := codec.Decode(e.Type, e.Schema, e.Data)
	if err != nil {
		return domain.Recorded{}, fmt.Errorf("event %d: %w", e.Position, err)
	}
	return domain.Recorded{Position: e.Position, Prev: e.Prev, ID: e.ID, Actor: e.Actor, At: e.RecordedAt, Event: event}, nil
}

package pull

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
)

// Event returns the event that a message holds. The inbox is unguessable but not
// protected, so a message is believed only if all that it says of itself agrees.
func (d *Delivery) Event(m *nats.Msg) (eventstore.Envelope, error) {
	var e eventstore.Envelope
	meta, err := m.Metadata()
	if err != nil {
		return e, err
	}
	if meta.Stream != eventstore.StreamEvents || meta.Consumer != d.consumer {
		return e, fmt.Errorf("it comes from consumer %s of stream %s", meta.Consumer, meta.Stream)
	}
	var slim slimEnvelope
	if err := json.Unmarshal(m.Data, &slim); err != nil {
		return e, err
	}
	e = slim.envelope()
	if uint64(e.Position) != meta.Sequence.Stream || eventstore.Subject(e) != m.Subject {
		return e, errors.New("position or subject are not those of the event")
	}
	return e, nil
}

// slimEnvelope is what an agent needs of an [eventstore.Envelope]. Tags and what
// the event came from are most of the work of reading one.
type slimEnvelope struct {
	Position   domain.Position `json:"position"`
	Prev       domain.Position `json:"prev"`
	ID         uuid.UUID       `json:"id"`
	Type       string          `json:"type"`
	Context    domain.Context  `json:"context"`
	Schema     int             `json:"schema"`
	Key        int64           `json:"key"`
	Data       json.RawMessage `json:"data"`
	Actor      domain.UserID   `json:"actor"`
	RecordedAt time.Time       `json:"recorded_at"`
}

func (s slimEnvelope) envelope() eventstore.Envelope {
	return eventstore.Envelope{
		Position: s.Position, Prev: s.Prev, ID: s.ID, Type: s.Type, Context: s.Context, Schema: s.Schema,
		Key: s.Key, Data: s.Data, Actor: s.Actor, RecordedAt: s.RecordedAt,
	}
}

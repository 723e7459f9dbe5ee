package pull

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/eventstore"
)

// believe returns the event that a message holds. The inbox is unguessable but not
// protected, so a message is believed only if all that it says of itself agrees.
func (f Feed) believe(m *nats.Msg) (eventstore.Envelope, error) {
	meta, err := m.Metadata()
	if err != nil {
		return eventstore.Envelope{}, err
	}
	if meta.Stream != eventstore.StreamEvents || meta.Consumer != f.Consumer {
		return eventstore.Envelope{}, fmt.Errorf("it comes from consumer %s of stream %s", meta.Consumer, meta.Stream)
	}
	e, err := eventstore.ReadMessage(m.Data)
	if err != nil {
		return e, err
	}
	if uint64(e.Position) != meta.Sequence.Stream || eventstore.Subject(e) != m.Subject {
		return e, errors.New("position or subject are not those of the event")
	}
	if f.Key != 0 && e.Key != f.Key {
		return e, fmt.Errorf("it is for %d", e.Key)
	}
	return e, nil
}

package pull

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

// believe returns the event that a message holds. The inbox is unguessable but not
// protected, so a message is believed only if all that it says of itself agrees.
func (f Feed) believe(m *nats.Msg) (protocol.Envelope, error) {
	meta, err := m.Metadata()
	if err != nil {
		return protocol.Envelope{}, err
	}
	if meta.Stream != protocol.StreamEvents || meta.Consumer != f.Consumer {
		return protocol.Envelope{}, fmt.Errorf("it comes from consumer %s of stream %s", meta.Consumer, meta.Stream)
	}
	e, err := protocol.ReadMessage(m.Data)
	if err != nil {
		return e, err
	}
	if uint64(e.Position) != meta.Sequence.Stream || protocol.Subject(e) != m.Subject {
		return e, errors.New("position or subject are not those of the event")
	}
	if f.Key != 0 && e.Key != f.Key {
		return e, fmt.Errorf("it is for %d", e.Key)
	}
	return e, nil
}

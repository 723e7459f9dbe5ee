package pull

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

// verify returns the event in a message. The inbox cannot be guessed, but anybody who
// knows it can send to it. So a message counts only if its stream, consumer, sequence
// and subject agree with the event in it.
func (f Feed) verify(m *nats.Msg) (protocol.Envelope, error) {
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

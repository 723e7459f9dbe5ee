// Package ask is how an agent asks the control plane: each question has a nonce of its
// own, and only an answer that the control plane signed for it counts.
package ask

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

// Asker asks for one agent.
//
// Invariant: what Ask returns is the control plane's answer to this question of this
// agent, whoever runs the bus. Answers to others, to other questions and to earlier ones
// are [protocol.ErrNotGenuine].
type Asker struct {
	NC *nats.Conn
	// ID is the agent's id on the bus.
	ID int64
	// Key is the control plane's, from the agent's credentials.
	Key ed25519.PublicKey
}

// Ask sends a question and returns the answer that was signed for the purpose.
func (a Asker) Ask(ctx context.Context, p protocol.Purpose, subject string, body []byte) ([]byte, error) {
	var nonce protocol.Nonce
	_, _ = rand.Read(nonce[:]) // never fails: it ends the program instead
	question := nats.NewMsg(subject)
	question.Data = body
	question.Header.Set(protocol.HeaderNonce, nonce.String())
	answer, err := a.NC.RequestMsgWithContext(ctx, question)
	if err != nil {
		return nil, err
	}
	asked := protocol.Question{Asker: a.ID, Nonce: nonce, Body: body}
	if err := asked.Verify(p, a.Key, answer.Data, answer.Header.Get(protocol.HeaderSignature)); err != nil {
		return nil, err
	}
	return answer.Data, nil
}

// Told returns nil if the control plane signed a request to this agent for the purpose.
func (a Asker) Told(p protocol.Purpose, m *nats.Msg) error {
	return protocol.Question{Asker: a.ID}.Verify(p, a.Key, m.Data, m.Header.Get(protocol.HeaderSignature))
}

// Package signtest signs for tests that play the control plane themselves.
package signtest

import (
	"crypto/ed25519"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

// Key is the key of the control plane that is played.
var Key = ed25519.NewKeyFromSeed([]byte("the key of a played control pla."))

// Public is what its agents know.
func Public() ed25519.PublicKey {
	key, _ := Key.Public().(ed25519.PublicKey)
	return key
}

// Answer signs the JSON of an answer to a question of an agent.
func Answer(m *nats.Msg, asker int64, p protocol.Purpose, answer any) error {
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	nonce, _ := protocol.ParseNonce(m.Header.Get(protocol.HeaderNonce))
	reply := nats.NewMsg(m.Reply)
	reply.Data = data
	q := protocol.Question{Asker: asker, Nonce: nonce, Body: m.Data}
	reply.Header.Set(protocol.HeaderSignature, q.Sign(p, []ed25519.PrivateKey{Key}, data))
	return m.RespondMsg(reply)
}

// Request is a signed request to an agent.
func Request(agent int64, p protocol.Purpose, subject string, data []byte) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Data = data
	m.Header.Set(protocol.HeaderSignature, protocol.Question{Asker: agent}.Sign(p, []ed25519.PrivateKey{Key}, data))
	return m
}

// Seal is the seal of one event's payload.
func Seal(log uuid.UUID, payload []byte) string {
	return protocol.Seal(log, []ed25519.PrivateKey{Key}, [][]byte{payload})[0]
}

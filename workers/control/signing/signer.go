package signing

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/pinned"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// lookEvery is how old a signer's view of the vault may be while it is used.
	lookEvery = time.Second
	// lookWithin bounds one look.
	lookWithin = 2 * time.Second
)

// Signer signs what agents are told. It may be used by many goroutines.
//
// Invariants:
//  1. The two newest sets are in force, no other: everything is signed by both keys, and
//     the bus shows the older one's certificate, which both kinds of credentials know.
//  2. A process takes a new set up within lookEvery of its use. While the vault cannot be
//     read, the sets that are known stay in force.
type Signer struct {
	vault *vault.Vault
	log   *slog.Logger

	mu     sync.Mutex
	number int // of the newest set
	// sets are those in force, newest first.
	sets   []keySet
	looked time.Time
}

// New returns a signer with the secrets in the vault, the first of which the first call
// ever makes.
func New(ctx context.Context, v *vault.Vault, log *slog.Logger) (*Signer, error) {
	secret, err := v.Named(ctx, secretName(1), newSecret)
	if err != nil {
		return nil, fmt.Errorf("read the key for agents: %w", err)
	}
	s := &Signer{vault: v, log: log}
	if err := s.add(secret); err != nil {
		return nil, err
	}
	return s, s.look(ctx)
}

// Rotate makes the next set and returns its number. Every process takes it up within
// seconds. Credentials of the set before stay valid until the next rotation.
func Rotate(ctx context.Context, v *vault.Vault) (number int, err error) {
	s, err := New(ctx, v, slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, err
	}
	if _, err := v.Named(ctx, secretName(s.number+1), newSecret); err != nil {
		return 0, fmt.Errorf("make a new key for agents: %w", err)
	}
	return s.number + 1, nil
}

// look takes up the sets that were made since the last look.
func (s *Signer) look(ctx context.Context) error {
	for {
		s.mu.Lock()
		next := s.number + 1
		s.mu.Unlock()
		secret, err := s.vault.Find(ctx, secretName(next))
		if errors.Is(err, vault.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the key for agents: %w", err)
		}
		s.mu.Lock()
		if s.number+1 == next { // else another goroutine was quicker
			err = s.add(secret)
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// add puts the next set in force. The caller holds the lock, or is alone.
func (s *Signer) add(secret []byte) error {
	set, err := newKeySet(secret)
	if err != nil {
		return err
	}
	s.number++
	s.sets = append([]keySet{set}, s.sets[:min(len(s.sets), 1)]...)
	return nil
}

// inForce returns the sets in force, after a look if the last one is long ago.
func (s *Signer) inForce(ctx context.Context) []keySet {
	if s.due() {
		ctx, cancel := context.WithTimeout(ctx, lookWithin)
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("cannot look for a new key for agents, the known ones stay in force", "error", err)
		}
		cancel()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sets
}

// due lets one caller at a time look.
func (s *Signer) due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.looked) < lookEvery {
		return false
	}
	s.looked = time.Now()
	return true
}

func (s *Signer) keys(ctx context.Context) []ed25519.PrivateKey {
	var keys []ed25519.PrivateKey
	for _, set := range s.inForce(ctx) {
		keys = append(keys, set.sign)
	}
	return keys
}

// Respond answers a message of an agent with data that is signed for the purpose.
func (s *Signer) Respond(ctx context.Context, asker int64, p protocol.Purpose, m *nats.Msg, data []byte) error {
	reply := nats.NewMsg(m.Reply)
	reply.Data = data
	// Without a nonce nobody could verify the signature: then there is none.
	if nonce, ok := protocol.ParseNonce(m.Header.Get(protocol.HeaderNonce)); ok {
		q := protocol.Question{Asker: asker, Nonce: nonce, Body: m.Data}
		reply.Header.Set(protocol.HeaderSignature, q.Sign(p, s.keys(ctx), data))
	}
	return m.RespondMsg(reply)
}

// Request returns a request to an agent that is signed for the purpose.
func (s *Signer) Request(ctx context.Context, agent int64, p protocol.Purpose, subject string, data []byte) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Data = data
	m.Header.Set(protocol.HeaderSignature, protocol.Question{Asker: agent}.Sign(p, s.keys(ctx), data))
	return m
}

// Seal returns the seals of some events' payloads, see [protocol.Seal].
func (s *Signer) Seal(ctx context.Context, log uuid.UUID, payloads [][]byte) []string {
	return protocol.Seal(log, s.keys(ctx), payloads)
}

// Known is what credentials say of the control plane: the public half of the newest
// signing key, and the pins of the certificates that the bus shows now and next.
func (s *Signer) Known(ctx context.Context) (key ed25519.PublicKey, pins []string) {
	sets := s.inForce(ctx)
	for _, set := range sets {
		pins = append(pins, set.bus.Pin())
	}
	return sets[0].public(), pins
}

// BusTLS is the TLS of the embedded bus. A rotation changes what new connections see.
func (s *Signer) BusTLS() *tls.Config {
	return pinned.Server(func(ctx context.Context) pinned.Certificate {
		sets := s.inForce(ctx)
		return sets[len(sets)-1].bus
	})
}

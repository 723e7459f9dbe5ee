package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
)

const (
	headerIdempotencyKey = "Idempotency-Key"
	maxIdempotencyKey    = 255
)

// commandSpace is the name space of command ids that clients' keys make.
var commandSpace = uuid.MustParse("6f0f4ad4-3d1c-5a5e-9a55-0b4f1c7c8d10")

// requestKey is what makes a repeated write the same write.
type requestKey struct {
	actor domain.UserID
	// command is derived from the user and their Idempotency-Key, zero without one.
	command uuid.UUID
	// fingerprint is a keyed digest of the request, nil without a key.
	fingerprint []byte
}

func (id requestKey) keyed() bool { return id.command != uuid.Nil }

// identify reads the Idempotency-Key header.
func (s *server) identify(r *http.Request, actor domain.UserID, canonical []byte) (requestKey, error) {
	id := requestKey{actor: actor}
	key := r.Header.Get(headerIdempotencyKey)
	if key == "" {
		return id, nil
	}
	if len(key) > maxIdempotencyKey || !printableASCII(key) {
		return id, domain.Invalid(headerIdempotencyKey, "必须是1到%d个可见ASCII字符！", maxIdempotencyKey)
	}
	id.command = uuid.NewSHA1(commandSpace, []byte(strconv.FormatInt(int64(actor), 10)+"\x00"+key))
	id.fingerprint = s.fingerprint(r, canonical)
	return id, nil
}

// fingerprint covers method, path and body. Its parts cannot be shifted into
// each other: neither of the first two holds a NUL.
func (s *server) fingerprint(r *http.Request, canonical []byte) []byte {
	mac := hmac.New(sha256.New, s.fingerprintKey)
	mac.Write([]byte(r.Method + "\x00" + r.URL.EscapedPath() + "\x00"))
	mac.Write(canonical)
	return mac.Sum(nil)
}

// recall returns what became of a repeated write, with Replayed unset where it
// is none. It comes before anything is made of the request: a repeat must not
// hash a password, fill the vault or be refused for what the first one changed.
func (s *server) recall(ctx context.Context, id requestKey) (eventstore.Receipt, error) {
	if !id.keyed() {
		return eventstore.Receipt{}, nil
	}
	receipt, err := s.Store.Execute(ctx, eventstore.Request{
		Command: recall{}, Actor: id.actor, CommandID: id.command, Fingerprint: id.fingerprint,
	})
	if errors.Is(err, errFirstTime) {
		return eventstore.Receipt{}, nil
	}
	return receipt, err
}

var errFirstTime = errors.New("the command was not carried out before")

// recall is a command that is never carried out: the store answers a repeat
// before it asks for a decision.
type recall struct{}

// Decide implements [domain.Command].
func (recall) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if _, err := access.Load(h, env.Actor); err != nil {
		return nil, err
	}
	return nil, errFirstTime
}

func printableASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

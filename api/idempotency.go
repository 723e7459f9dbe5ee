package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
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
	// command is derived from the user, or their credential, and the Idempotency-Key; it is
	// zero without one. So no credential gets a reply that another one's request was given.
	command uuid.UUID
	// fingerprint is a keyed digest of the request, nil without a key.
	fingerprint []byte
}

func (k requestKey) given() bool { return k.command != uuid.Nil }

// identify reads the Idempotency-Key header. Callers whom nobody knows have no keys:
// what is kept for them would be kept for whoever asks.
func (k *Kernel) identify(r *http.Request, caller *identity.User, canonical []byte) (requestKey, error) {
	key := requestKey{actor: domain.System}
	if caller != nil {
		key.actor = caller.ID
	}
	text := r.Header.Get(headerIdempotencyKey)
	if text == "" {
		return key, nil
	}
	if len(text) > maxIdempotencyKey || !printableASCII(text) {
		return key, domain.Invalid(headerIdempotencyKey, "必须是1到%d个可见ASCII字符！", maxIdempotencyKey)
	}
	if caller == nil {
		return key, nil
	}
	whose := strconv.FormatInt(int64(key.actor), 10)
	if id := caller.CredentialID(); id != 0 {
		whose += "/" + strconv.FormatInt(int64(id), 10)
	}
	key.command = uuid.NewSHA1(commandSpace, []byte(whose+"\x00"+text))
	key.fingerprint = k.fingerprint(r, canonical)
	return key, nil
}

// fingerprint covers method, path and body. Its parts cannot be shifted into
// each other: neither of the first two holds a NUL.
func (k *Kernel) fingerprint(r *http.Request, canonical []byte) []byte {
	mac := hmac.New(sha256.New, k.fingerprintKey)
	mac.Write([]byte(r.Method + "\x00" + r.URL.EscapedPath() + "\x00"))
	mac.Write(canonical)
	return mac.Sum(nil)
}

// carrying is the request to the store that carries the command.
func (w *Request) carrying(cmd domain.Command) eventstore.Request {
	r := origin(w.echo, w.key.actor)
	r.Command, r.CommandID, r.Fingerprint, r.AtOnce = cmd, w.key.command, w.key.fingerprint, w.remarks().atOnce
	return r
}

// recall returns what became of a repeated write, with Replayed unset where it
// is none. It comes before anything is made of the request: a repeat must not
// hash a password, fill the vault or be refused for what the first one changed.
func (k *Kernel) recall(w *Request) (eventstore.Receipt, error) {
	if !w.key.given() {
		return eventstore.Receipt{}, nil
	}
	receipt, err := k.Store.Execute(w.Context(), w.carrying(recall{}))
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

// refuse returns the error that answers a write that failed with err, and keeps a
// refusal for repeats.
func (k *Kernel) refuse(w *Request, err error) error {
	if !w.key.given() || !final(err) {
		return err
	}
	p := problem(err, "").in(languageOf(w.HTTP(), w.dialect))
	status, body := w.dialect.Failure(p)
	text, encodeErr := EncodeJSON(body)
	if encodeErr != nil {
		return encodeErr
	}
	refusal := eventstore.Refusal{Status: status, Body: json.RawMessage(text), Field: p.Field}
	kept := k.Store.SaveRefusal(patient(w.echo), w.key.command, w.key.fingerprint, refusal)
	if errors.Is(kept, eventstore.ErrFingerprint) {
		return kept
	}
	if kept != nil {
		// A repeat decides anew, which harms nobody: nothing was appended.
		k.Log.WarnContext(w.Context(), "refusal not kept for repeats", "error", kept)
	}
	return err
}

// final says whether a write was refused for good.
func final(err error) bool {
	var refused *domain.Error
	if errors.As(err, &refused) {
		return refused.Code != domain.CodeUnauthenticated && refused.Code != domain.CodeConflict
	}
	return errors.As(err, new(*batch.Error)) || errors.As(err, new(*zonefile.Error))
}

func printableASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

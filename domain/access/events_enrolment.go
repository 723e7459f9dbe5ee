package access

import (
	"time"

	"github.com/opsledger/opsledger/domain"
)

// The kinds of what agents are enrolled for.
const (
	EnrolServer  = "server"
	EnrolMachine = "machine"
)

// EnrolmentTarget is the server or machine that a token is for.
type EnrolmentTarget struct {
	// Kind is [EnrolServer] or [EnrolMachine].
	Kind string `json:"kind"`
	ID   int64  `json:"id"`
	// Name is what it was called when the token was made.
	Name string `json:"name"`
}

// EnrolmentTokenAdded says that whoever has a token may enrol an agent once.
type EnrolmentTokenAdded struct {
	unkeyed
	ID     domain.CredentialID `json:"id"`
	Target EnrolmentTarget     `json:"target"`
	// Expires is when the token ends by itself.
	Expires time.Time `json:"expires_at"`
	// Digest is the SHA-256 of the token in hexadecimal digits, see [CredentialAdded].
	Digest string `json:"digest" hidden:"true"`
}

// EnrolmentTokenEnded says that a token is void: an agent was enrolled by it, or it was revoked.
type EnrolmentTokenEnded struct {
	unkeyed
	ID     domain.CredentialID `json:"id"`
	Target EnrolmentTarget     `json:"target"`
	// Key is the public key of the agent that was enrolled, empty for a token that was revoked;
	// Address is where that agent asked from.
	Key     string `json:"key,omitempty"`
	Address string `json:"address,omitempty"`
}

// EventType implements [domain.Event].
func (EnrolmentTokenAdded) EventType() string { return "EnrolmentTokenAdded" }
func (EnrolmentTokenEnded) EventType() string { return "EnrolmentTokenEnded" }

// Tags implements [domain.Event]. The ids are of the sequence of credentials.
func (e EnrolmentTokenAdded) Tags() []domain.Tag {
	return []domain.Tag{TagCredential(e.ID), TagEnrolmentTokens(e.Target), TagEnrolmentToken(e.Digest)}
}
func (e EnrolmentTokenEnded) Tags() []domain.Tag {
	return []domain.Tag{TagCredential(e.ID), TagEnrolmentTokens(e.Target)}
}

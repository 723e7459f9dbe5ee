package access

import (
	"time"

	"github.com/opsledger/opsledger/domain"
)

// The kinds of credentials.
const (
	// CredentialToken is shown to the HTTP APIs.
	CredentialToken = "token"
	// CredentialTSIG signs DNS messages (RFC 8945).
	CredentialTSIG = "tsig"
)

// CredentialAdded says that a program may act for a user. No secret is in it.
type CredentialAdded struct {
	unkeyed
	ID   domain.CredentialID `json:"id"`
	User domain.UserID       `json:"user"`
	Name string              `json:"name"`
	// Kind is [CredentialToken] or [CredentialTSIG].
	Kind string `json:"kind"`
	// Algorithm is that of a TSIG key, such as hmac-sha256.
	Algorithm string `json:"algorithm,omitempty"`
	// View is the one view that the credential is for, 0 for all.
	View     int64       `json:"view,omitempty"`
	Restrict Restriction `json:"restrict"`
	// Expires is when the credential ends by itself, nil for never.
	Expires *time.Time `json:"expires_at,omitempty"`
	// Digest is the SHA-256 of a token in hexadecimal digits, by which it is found. A token
	// has 256 random bits, so that its digest tells nobody anything.
	Digest string `json:"digest,omitempty" hidden:"true"`
	// Secret names the TSIG key's secret in the vault.
	Secret string `json:"secret,omitempty" hidden:"true"`
}

// CredentialDeleted says that a credential is void. Its secret is to be destroyed.
type CredentialDeleted struct {
	unkeyed
	ID     domain.CredentialID `json:"id"`
	User   domain.UserID       `json:"user"`
	Name   string              `json:"name"`
	Secret string              `json:"secret,omitempty" hidden:"true"`
}

// EventType implements [domain.Event].
func (CredentialAdded) EventType() string   { return "CredentialAdded" }
func (CredentialDeleted) EventType() string { return "CredentialDeleted" }

// Tags implements [domain.Event].
func (e CredentialAdded) Tags() []domain.Tag {
	tags := []domain.Tag{TagCredential(e.ID), TagUserCredentials(e.User)}
	if e.Digest != "" {
		tags = append(tags, TagToken(e.Digest))
	}
	return tags
}

func (e CredentialDeleted) Tags() []domain.Tag {
	tags := []domain.Tag{TagCredential(e.ID), TagUserCredentials(e.User)}
	if e.Secret != "" {
		tags = append(tags, TagErasable)
	}
	return tags
}

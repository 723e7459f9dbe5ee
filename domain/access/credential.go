package access

import (
	"time"

	"github.com/opsledger/opsledger/domain"
)

// Credential is what a program shows in place of a login, as a fold.
//
// Invariants:
//  1. A decision that was made for a credential conflicts with the credential's end.
//  2. What a credential is for never changes; another one is needed for something else.
type Credential struct {
	id domain.CredentialID
	CredentialState
}

// CredentialState is what a [Credential] knows. It is never changed in place.
type CredentialState struct {
	// Live is false before the credential was added and after it was deleted.
	Live bool
	// User is whom the credential acts for.
	User domain.UserID
	Name string
	// Secret names a TSIG key's secret in the vault, Algorithm is that of the key; both are empty
	// for a token.
	Secret, Algorithm string
	// View is the one view that the credential is for, 0 for all.
	View     int64
	Restrict Restriction
	// Expires is when the credential ends, nil for never.
	Expires *time.Time
}

// NewCredential returns the fold of a credential.
func NewCredential(id domain.CredentialID) *Credential { return &Credential{id: id} }

var (
	credentialGuards = []string{CredentialDeleted{}.EventType()}
	credentialTypes  = append([]string{CredentialAdded{}.EventType()}, credentialGuards...)
)

// Item implements [domain.Fold].
func (f *Credential) Item() domain.Item {
	return domain.Item{Tag: TagCredential(f.id), Types: credentialTypes, Guards: credentialGuards}
}

// Apply implements [domain.Fold].
func (f *Credential) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case CredentialAdded:
		f.CredentialState = stateOf(e)
	case CredentialDeleted:
		f.CredentialState = CredentialState{}
	}
}

func stateOf(e CredentialAdded) CredentialState {
	return CredentialState{
		Live: true, User: e.User, Name: e.Name, Secret: e.Secret, Algorithm: e.Algorithm,
		View: e.View, Restrict: e.Restrict, Expires: e.Expires,
	}
}

// Snapshot implements [domain.Fold].
func (f *Credential) Snapshot() any { return f.CredentialState }

// Restore implements [domain.Fold].
func (f *Credential) Restore(s any) { f.CredentialState = s.(CredentialState) }

// ID is the credential's.
func (f *Credential) ID() domain.CredentialID { return f.id }

// Holds says whether the credential may be used at that moment. Whether its user still
// exists is another question.
func (s *CredentialState) Holds(now time.Time) bool {
	return s.Live && (s.Expires == nil || now.Before(*s.Expires))
}

// TokenHolder finds the credential whose token has a digest.
type TokenHolder struct {
	domain.Holder[domain.CredentialID]
	digest string
}

// NewTokenHolder returns the fold; the digest is that of [CredentialAdded].
func NewTokenHolder(digest string) *TokenHolder { return &TokenHolder{digest: digest} }

// Item implements [domain.Fold].
func (f *TokenHolder) Item() domain.Item {
	return domain.Item{Tag: TagToken(f.digest), Types: []string{CredentialAdded{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *TokenHolder) Apply(r domain.Recorded) {
	if e, ok := r.Event.(CredentialAdded); ok {
		f.Set(e.ID, true)
	}
}

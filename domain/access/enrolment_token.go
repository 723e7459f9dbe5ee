package access

import (
	"crypto/subtle"
	"maps"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// EnrolmentToken is a token by which a host enrols its agent, as a fold.
//
// Invariants:
//  1. A token enrols one agent, of one key: a decision that enrols conflicts with the token's end.
//  2. It is found by its digest alone, and is no credential: no door of the APIs takes it.
//  3. What it may do is what its maker may do at that moment.
type EnrolmentToken struct {
	id domain.CredentialID
	EnrolmentTokenState
}

// EnrolmentTokenState is what an [EnrolmentToken] knows.
type EnrolmentTokenState struct {
	// Added is false before the token was made; Ended says that it was used or revoked.
	Added, Ended bool
	Target       EnrolmentTarget
	Maker        domain.UserID
	Expires      time.Time
	Digest       string
	// Key is that of the agent which was enrolled by it, at Used; empty for none.
	Key  string
	Used domain.Position
}

// NewEnrolmentTokenFold returns the fold of a token.
func NewEnrolmentTokenFold(id domain.CredentialID) *EnrolmentToken { return &EnrolmentToken{id: id} }

// Item implements [domain.Fold].
func (f *EnrolmentToken) Item() domain.Item {
	ended := EnrolmentTokenEnded{}.EventType()
	return domain.Item{Tag: TagCredential(f.id), Types: []string{EnrolmentTokenAdded{}.EventType(), ended}, Guards: []string{ended}}
}

// Apply implements [domain.Fold].
func (f *EnrolmentToken) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case EnrolmentTokenAdded:
		f.EnrolmentTokenState = EnrolmentTokenState{Added: true, Target: e.Target, Maker: r.Actor, Expires: e.Expires, Digest: e.Digest}
	case EnrolmentTokenEnded:
		f.Ended, f.Key, f.Used = true, e.Key, r.Position
	}
}

// Snapshot implements [domain.Fold].
func (f *EnrolmentToken) Snapshot() any { return f.EnrolmentTokenState }

// Restore implements [domain.Fold].
func (f *EnrolmentToken) Restore(s any) { f.EnrolmentTokenState = s.(EnrolmentTokenState) }

// ErrEnrolmentToken is the refusal of a token that enrols nobody, whyever: who guesses learns nothing from it.
func ErrEnrolmentToken() error { return domain.Invalid("token", "令牌无效！") }

// ErrEnrolmentKey is the refusal of what is not the public key of an agent, ErrEnrolmentKeySpent that of one which another
// enrolment had.
func ErrEnrolmentKey() error { return domain.Invalid("public_key", "不是代理的公钥！") }
func ErrEnrolmentKeySpent() error {
	return domain.Invalid("public_key", "此公钥已使用过，请生成新的密钥！")
}

// Redeem returns the event by which the token ends as an agent with the key is enrolled, or the refusal.
func (f *EnrolmentToken) Redeem(env domain.Env, digest, key, address string) (domain.Event, error) {
	if !f.Added || f.Ended || !env.Now.Before(f.Expires) || subtle.ConstantTimeCompare([]byte(f.Digest), []byte(digest)) != 1 {
		return nil, ErrEnrolmentToken()
	}
	return EnrolmentTokenEnded{ID: f.id, Target: f.Target, Key: key, Address: address}, nil
}

// Revoke returns the event by which the token ends, none if it has.
func (f *EnrolmentToken) Revoke() []domain.Event {
	if f.Ended {
		return nil
	}
	return []domain.Event{EnrolmentTokenEnded{ID: f.id, Target: f.Target}}
}

// EnrolmentTokenHolder finds the token that has a digest.
type EnrolmentTokenHolder struct {
	domain.Holder[domain.CredentialID]
	digest string
}

// NewEnrolmentTokenHolder returns the fold; the digest is that of [EnrolmentTokenAdded].
func NewEnrolmentTokenHolder(digest string) *EnrolmentTokenHolder {
	return &EnrolmentTokenHolder{digest: digest}
}

// Item implements [domain.Fold].
func (f *EnrolmentTokenHolder) Item() domain.Item {
	return domain.Item{Tag: TagEnrolmentToken(f.digest), Types: []string{EnrolmentTokenAdded{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *EnrolmentTokenHolder) Apply(r domain.Recorded) {
	if e, ok := r.Event.(EnrolmentTokenAdded); ok {
		f.Set(e.ID, true)
	}
}

// EnrolmentTokens is the fold of the tokens of a server or machine that have not ended, though they may have expired.
type EnrolmentTokens struct {
	target EnrolmentTarget
	live   map[domain.CredentialID]time.Time
}

// NewEnrolmentTokens returns the fold.
func NewEnrolmentTokens(of EnrolmentTarget) *EnrolmentTokens {
	return &EnrolmentTokens{target: of, live: map[domain.CredentialID]time.Time{}}
}

// Item implements [domain.Fold]. A new token guards, because it must not outlive what ends all of them.
func (f *EnrolmentTokens) Item() domain.Item {
	added := EnrolmentTokenAdded{}.EventType()
	return domain.Item{Tag: TagEnrolmentTokens(f.target), Types: []string{added, EnrolmentTokenEnded{}.EventType()}, Guards: []string{added}}
}

// Apply implements [domain.Fold].
func (f *EnrolmentTokens) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case EnrolmentTokenAdded:
		f.live[e.ID] = e.Expires
	case EnrolmentTokenEnded:
		delete(f.live, e.ID)
	}
}

// Snapshot implements [domain.Fold].
func (f *EnrolmentTokens) Snapshot() any { return maps.Clone(f.live) }

// Restore implements [domain.Fold].
func (f *EnrolmentTokens) Restore(s any) { f.live = maps.Clone(s.(map[domain.CredentialID]time.Time)) }

// End returns the events that end all of them.
func (f *EnrolmentTokens) End() []domain.Event { return f.endIf(func(time.Time) bool { return true }) }

// endIf ends those of which the expiry says so, in the order of their ids.
func (f *EnrolmentTokens) endIf(ends func(expires time.Time) bool) (events []domain.Event) {
	for _, id := range slices.Sorted(maps.Keys(f.live)) {
		if ends(f.live[id]) {
			events = append(events, EnrolmentTokenEnded{ID: id, Target: f.target})
		}
	}
	return events
}

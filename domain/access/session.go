package access

import "github.com/opsledger/opsledger/domain"

// SessionEnded says that a user logged out: the token of that login is void, and no other.
type SessionEnded struct {
	unkeyed
	ID domain.UserID `json:"id"`
	// Session is a digest of what names the token; whoever has the digest has no token.
	Session string `json:"session" hidden:"true"`
}

// EventType implements [domain.Event].
func (SessionEnded) EventType() string { return "SessionEnded" }

// Tags implements [domain.Event].
func (e SessionEnded) Tags() []domain.Tag { return []domain.Tag{TagLogin(e.ID), TagSession(e.Session)} }

// TagSession marks the event that ends a session; the digest is that of [SessionEnded].
func TagSession(digest string) domain.Tag { return domain.Tag("session:" + digest) }

// Session says whether a session was ended, as a fold of at most one event.
type Session struct {
	domain.Holder[domain.UserID]
	digest string
}

// NewSession returns the fold; the digest is that of [SessionEnded].
func NewSession(digest string) *Session { return &Session{digest: digest} }

// Item implements [domain.Fold].
func (f *Session) Item() domain.Item {
	return domain.Item{Tag: TagSession(f.digest), Types: []string{SessionEnded{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *Session) Apply(r domain.Recorded) {
	if e, ok := r.Event.(SessionEnded); ok {
		f.Set(e.ID, true)
	}
}

// Ended says that its user logged out.
func (f *Session) Ended() bool { return f.HeldBy() != 0 }

// EndSession ends a session of a user. Who is logged out already need not log out.
type EndSession struct {
	ID     domain.UserID
	Digest string
}

// Decide implements [domain.Command].
func (c EndSession) Decide(h domain.History, _ domain.Env) ([]domain.Event, error) {
	session := NewSession(c.Digest)
	if err := h.Load(session); err != nil || session.Ended() {
		return nil, err
	}
	return []domain.Event{SessionEnded{ID: c.ID, Session: c.Digest}}, nil
}

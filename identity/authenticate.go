package identity

import (
	"context"
	"errors"
	"fmt"
)

// Authenticate returns the user whose token it is: that of a login, or of a program. The
// error is [ErrTokenInvalid] with the reason, for the log, or what stood in the way of an
// answer.
func (s *Service) Authenticate(ctx context.Context, token string) (*User, error) {
	if IsProgramToken(token) {
		return s.authenticateProgram(ctx, token)
	}
	h, err := s.tokens.read(ctx, token)
	if err != nil {
		return nil, err
	}
	user, err := s.User(ctx, h.ID)
	if errors.Is(err, ErrNoUser) {
		return nil, fmt.Errorf("%w: no user %d", ErrTokenInvalid, h.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("find user %d: %w", h.ID, err)
	}
	if h.Generation != user.Generation() {
		return nil, fmt.Errorf("%w: user %d has another password or other roles since", ErrTokenInvalid, h.ID)
	}
	if err := s.alive(ctx, h.Session); err != nil {
		return nil, err
	}
	return user.shown(h), nil
}

// Again returns the user as they are now, if what they showed still holds. It is for
// requests that take long. The error is [ErrTokenInvalid], or what stood in the way.
func (s *Service) Again(ctx context.Context, who *User) (*User, error) {
	if who.Credential != nil {
		return s.program(ctx, who.CredentialID())
	}
	if !who.expires.IsZero() && !s.users.now().Before(who.expires) {
		return nil, fmt.Errorf("%w: %w", ErrTokenInvalid, ErrTokenExpired)
	}
	user, err := s.User(ctx, who.ID)
	if errors.Is(err, ErrNoUser) || err == nil && user.Generation() != who.Generation() {
		return nil, ErrTokenInvalid
	}
	if err != nil {
		return nil, err
	}
	if err := s.alive(ctx, who.session); err != nil {
		return nil, err
	}
	return user.shown(holder{Expires: who.expires, Session: who.session}), nil
}

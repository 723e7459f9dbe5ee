package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/opsledger/opsledger/domain"
)

// Authenticate returns the user whose token it is. The error is [ErrTokenInvalid]
// with the reason, for the log, or what stood in the way of an answer.
func (s *Service) Authenticate(ctx context.Context, token string) (*User, error) {
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
	return user, nil
}

// User returns a user as the log had them at most [usersCheck] ago, or [ErrNoUser].
func (s *Service) User(ctx context.Context, id domain.UserID) (*User, error) {
	return s.users.user(ctx, id)
}

// UserNow is [Service.User] as of now.
func (s *Service) UserNow(ctx context.Context, id domain.UserID) (*User, error) {
	user, _, err := s.users.read(ctx, id)
	return user, err
}

// UserNamed returns the user of that name, compared without case, as of now, or [ErrNoUser].
func (s *Service) UserNamed(ctx context.Context, name string) (*User, error) {
	return s.users.named(ctx, name)
}

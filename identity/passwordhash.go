package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore/vault"
)

// SealPassword puts a password's hash into the vault and returns its id there.
func (s *Service) SealPassword(ctx context.Context, password string) (hashID string, err error) {
	return sealPassword(ctx, s.vault, s.passwords, password)
}

func sealPassword(ctx context.Context, v *vault.Vault, p *passwords, password string) (hashID string, err error) {
	hash, err := p.hash(ctx, password)
	if err != nil {
		return "", err
	}
	id, err := v.Put(ctx, kindPassword, []byte(hash))
	if err != nil {
		return "", fmt.Errorf("keep password hash: %w", err)
	}
	return id.String(), nil
}

// NeedsOldPassword says whether the user must know their own password to change one.
// Whether everybody else may, the command decides.
func (u *User) NeedsOldPassword() bool {
	return u.Source == access.SourceLocal && !u.May(access.Permitted(access.CodeUpdateUser))
}

// VerifyOld checks a user's own password before it is changed, and returns the
// hash that it fits. A wrong one counts as a failed login: else whoever got
// hold of a token could guess here.
func (s *Service) VerifyOld(ctx context.Context, user *User, l Login) (verified string, err error) {
	_, err = s.check(ctx, l, func(ctx context.Context, _, old string) (*User, error) {
		fits, err := s.fits(ctx, user.PasswordHash, old)
		if err == nil && !fits {
			err = &refusedLogin{user.ID, access.FailedSecret}
		}
		return user, err
	})
	if errors.Is(err, ErrLoginFailed) {
		return "", domain.Refused("原密码错误！")
	}
	return user.PasswordHash, err
}

// fits says whether the password is the one of the hash; the empty id
// is nobody's, which takes as long.
func (s *Service) fits(ctx context.Context, hashID, password string) (bool, error) {
	hash, err := s.passwordHash(ctx, hashID)
	if err != nil {
		return false, err
	}
	return s.passwords.check(ctx, password, hash)
}

// passwordHash returns the hash, or that of nobody when it was destroyed meanwhile.
func (s *Service) passwordHash(ctx context.Context, hashID string) (string, error) {
	if hashID == "" {
		return "", nil
	}
	id, err := uuid.Parse(hashID)
	if err != nil {
		return "", fmt.Errorf("password hash id: %w", err)
	}
	hash, err := s.vault.Get(ctx, id)
	if errors.Is(err, vault.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("password hash: %w", err)
	}
	return string(hash), nil
}

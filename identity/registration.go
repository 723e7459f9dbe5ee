package identity

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore/vault"
)

// The kinds of vault entries and the named keys that accounts need.
const (
	kindPassword = "password"
	keyMail      = "mail"
)

// Registration is a new user, checked but not yet sealed; one of the directory has no password.
type Registration struct{ Username, Password, Mail, Nickname, Phone, Department string }

// CheckFree refuses a name that somebody has, or that the directory knows. It
// spares the hash and the vault a name that is taken; whether it is free is decided
// by the command.
func (s *Service) CheckFree(ctx context.Context, username string) error {
	named := access.NewUserNamed(username)
	if _, err := s.store.Load(ctx, named); err != nil {
		return fmt.Errorf("find user by name: %w", err)
	}
	if named.ID() != 0 {
		return domain.Refused("用户已存在！").Blame("username")
	}
	return s.refuseDirectoryName(ctx, username)
}

// Seal puts the secrets of a new user into the vault and returns the event that
// names them. If nothing comes of the event, the entries are orphans: they stay,
// and tell nobody anything.
func (s *Service) Seal(ctx context.Context, r Registration) (access.UserRegistered, error) {
	return r.seal(standIn(ctx, forRegistration, ""), s.vault, s.passwords)
}

func (r Registration) seal(ctx context.Context, v *vault.Vault, p *passwords) (access.UserRegistered, error) {
	user := access.UserRegistered{Username: r.Username, Source: access.SourceLDAP, Department: r.Department}
	var err error
	if r.Password != "" {
		user.Source = access.SourceLocal
		if user.PasswordHash, err = sealPassword(ctx, v, p, r.Password); err != nil {
			return user, err
		}
	}
	key, err := v.NewPersonalKey(ctx)
	if err != nil {
		return user, fmt.Errorf("personal key: %w", err)
	}
	user.PersonalKey = key.String()
	for _, field := range []struct {
		to    *access.Sealed
		plain string
	}{{&user.Mail, r.Mail}, {&user.Nickname, r.Nickname}, {&user.Phone, r.Phone}} {
		if *field.to, err = v.SealField(ctx, key, field.plain); err != nil {
			return user, err
		}
	}
	if r.Mail != "" {
		user.MailDigest, err = mailDigest(ctx, v, r.Mail)
	}
	return user, err
}

// mailDigest is what keeps addresses unique in the log without telling them.
func mailDigest(ctx context.Context, v *vault.Vault, mail string) (string, error) {
	key, err := v.Named(ctx, keyMail, RandomKey)
	if err != nil {
		return "", fmt.Errorf("key of mail digests: %w", err)
	}
	return keyedDigest(key, access.FoldMail(mail)), nil
}

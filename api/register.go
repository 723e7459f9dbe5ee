package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/projections"
)

// The kinds of vault entries and the named keys that accounts need.
const (
	kindPassword = "password"
	keyMail      = "mail"
)

// account is a new user, checked but not yet sealed; one of the directory has no password.
type account struct{ username, password, mail, nickname, phone, department string }

// register makes a local user without roles. It logs nobody in.
func (s *server) register(c echo.Context) error {
	if !s.AllowRegister {
		return domain.Forbidden("无权限！用户注册已关闭")
	}
	// The new user has no id yet: keys for repeats are those of the system.
	w, err := s.beginWrite(c, domain.System)
	if err != nil {
		return err
	}
	receipt, err := s.execute(c, w, func(w *write) (domain.Command, error) {
		a, err := w.account()
		if err != nil {
			return nil, err
		}
		if err := s.checkFree(c.Request().Context(), a.username); err != nil {
			return nil, err
		}
		user, err := a.seal(c.Request().Context(), s.Vault, s.passwords)
		return access.RegisterUser{User: user}, err
	})
	if err != nil {
		return err
	}
	return s.reply(c, receipt, sayOK)
}

// checkFree refuses a name that the directory knows. It also spares the hash and
// the vault a name that is taken; whether it is free is decided on the log.
func (s *server) checkFree(ctx context.Context, username string) error {
	_, err := s.Reader.UserByName(ctx, username)
	if err == nil {
		return domain.Refused("用户已存在！")
	}
	if errors.Is(err, projections.ErrNotFound) {
		return s.refuseDirectoryName(ctx, username)
	}
	return err
}

// account reads and checks a registration.
func (w *write) account() (account, error) {
	a := account{username: w.required("username"), password: w.required("password")}
	again, mail := w.required("password2"), w.required("email")
	if w.err != nil {
		return a, w.err
	}
	var err error
	if a.username, err = access.ParseUsername(a.username); err != nil {
		return a, err
	}
	if err := access.CheckPasswords(a.password, again); err != nil {
		return a, err
	}
	a.mail, err = access.ParseMail(mail)
	return a, err
}

// seal puts the account's secrets into the vault and returns the event that
// names them. If nothing comes of the event, the entries are orphans: they stay,
// and tell nobody anything.
func (a account) seal(ctx context.Context, v *vault.Vault, p *passwords) (access.UserRegistered, error) {
	user := access.UserRegistered{Username: a.username, Source: access.SourceLDAP, Department: a.department}
	if a.password != "" {
		user.Source = access.SourceLocal
		hash, err := p.hash(ctx, a.password)
		if err != nil {
			return user, err
		}
		credential, err := v.Put(ctx, kindPassword, []byte(hash))
		if err != nil {
			return user, fmt.Errorf("keep password hash: %w", err)
		}
		user.Credential = credential.String()
	}
	key, err := v.NewPersonalKey(ctx)
	if err != nil {
		return user, fmt.Errorf("personal key: %w", err)
	}
	user.PersonalKey = key.String()
	for _, field := range []struct {
		to    *access.Sealed
		plain string
	}{{&user.Mail, a.mail}, {&user.Nickname, a.nickname}, {&user.Phone, a.phone}} {
		if *field.to, err = v.SealField(ctx, key, field.plain); err != nil {
			return user, err
		}
	}
	if a.mail != "" {
		user.MailDigest, err = mailDigest(ctx, v, a.mail)
	}
	return user, err
}

// mailDigest is what keeps addresses unique in the log without telling them.
func mailDigest(ctx context.Context, v *vault.Vault, mail string) (string, error) {
	key, err := v.Named(ctx, keyMail, randomKey)
	if err != nil {
		return "", fmt.Errorf("key of mail digests: %w", err)
	}
	return keyedDigest(key, access.FoldMail(mail)), nil
}

// keyedDigest tells texts apart without telling them to who lacks the key.
func keyedDigest(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

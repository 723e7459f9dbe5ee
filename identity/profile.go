package identity

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// MaxProfileText bounds each text of a profile, in characters.
const MaxProfileText = 255

// ProfileText is a text of a profile as a request gives it: by what name, which a
// refusal has, and what it says, nil for nothing.
type ProfileText struct {
	Name string
	Text *string
}

// ProfileTexts are the personal texts that a request may change.
type ProfileTexts struct{ Nickname, Phone, Position, Location, Mail ProfileText }

// ChangeProfile checks what a request changes of a user's profile, and seals it.
// What a field says already is left out: sealed anew it would be another text.
func (s *Service) ChangeProfile(ctx context.Context, user *User, texts ProfileTexts) (change access.ProfileChange, err error) {
	now, err := s.Person(ctx, user)
	if err != nil {
		return change, err
	}
	for _, field := range []struct {
		ProfileText
		now    string
		change **access.Sealed
		check  func(ProfileText) error
	}{
		{texts.Nickname, now.Nickname, &change.Nickname, checkProfileText}, {texts.Phone, now.Phone, &change.Phone, checkProfileText},
		{texts.Position, now.Position, &change.Position, checkProfileText}, {texts.Location, now.Location, &change.Location, checkProfileText},
		{texts.Mail, now.Mail, &change.Mail, checkMail},
	} {
		if field.Text == nil || *field.Text == field.now {
			continue
		}
		if err := field.check(field.ProfileText); err != nil {
			return change, err
		}
		if *field.change, err = s.sealText(ctx, user, *field.Text); err != nil {
			return change, fmt.Errorf("seal %s of user %d: %w", field.Name, user.ID, err)
		}
	}
	if change.Mail != nil {
		digest, err := mailDigest(ctx, s.vault, *texts.Mail.Text)
		if err != nil {
			return change, err
		}
		change.MailDigest = &digest
	}
	return change, nil
}

func checkProfileText(t ProfileText) error { return domain.CheckText(t.Name, *t.Text, MaxProfileText) }

func checkMail(t ProfileText) error {
	_, err := access.ParseMail(*t.Text)
	return err
}

func (s *Service) sealText(ctx context.Context, user *User, plain string) (*access.Sealed, error) {
	if user.Source == access.SourceService {
		return nil, domain.Refused("服务用户没有个人资料！")
	}
	key, err := uuid.Parse(user.PersonalKey)
	if err != nil {
		return nil, err
	}
	sealed, err := s.vault.SealField(ctx, key, plain)
	return &sealed, err
}

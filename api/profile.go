package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// maxProfileField bounds each text of a profile, in characters.
const maxProfileField = 255

// profileField is one text of a profile: what a request calls it, what it is
// now, and where it goes, sealed.
type profileField struct {
	name   string
	now    string
	change **access.Sealed
}

// profileChange reads what a request changes of a user's profile, and seals it.
// What a field says already is left out: sealed anew it would be another text.
// For a user who is not there it returns nothing, and leaves it to the command.
func (s *server) profileChange(ctx context.Context, id domain.UserID, p *params) (access.ProfileChange, error) {
	var change access.ProfileChange
	user, _, err := s.callers.read(ctx, id)
	if errors.Is(err, errNoUser) {
		return change, nil
	}
	if err != nil {
		return change, err
	}
	now, err := s.person(ctx, user.user())
	if err != nil {
		return change, err
	}
	for _, field := range []profileField{
		{"chinese_name", now.nickname, &change.Nickname}, {"cellphone", now.phone, &change.Phone},
		{"position", now.position, &change.Position}, {"location", now.location, &change.Location},
	} {
		text := p.text(field.name)
		if text == nil || *text == field.now {
			continue
		}
		if err := domain.CheckText(field.name, *text, maxProfileField); err != nil {
			return change, err
		}
		sealed, err := s.sealField(ctx, user.personalKey, *text)
		if err != nil {
			return change, fmt.Errorf("seal %s of user %d: %w", field.name, id, err)
		}
		*field.change = &sealed
	}
	return change, nil
}

func (s *server) sealField(ctx context.Context, key, plain string) (access.Sealed, error) {
	id, err := uuid.Parse(key)
	if err != nil {
		return "", err
	}
	return s.Vault.SealField(ctx, id, plain)
}

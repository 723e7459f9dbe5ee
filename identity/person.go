package identity

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Sealed is what is known of the person behind a user, as the log and the read
// models have it.
type Sealed struct {
	User domain.UserID
	// Key is the id of the vault entry that the fields are sealed with.
	Key string
	access.Profile
}

// Person is the person behind a user, in clear. It lives no longer than the
// request that it was opened for.
type Person struct{ Mail, Nickname, Phone, Position, Location string }

// People opens the personal fields of users, whose keys are read at once. The
// fields of a user whose key was erased are empty.
func (s *Service) People(ctx context.Context, sealed []Sealed) ([]Person, error) {
	keys := make([]uuid.UUID, len(sealed))
	for i, u := range sealed {
		if u.Key == "" {
			continue
		}
		var err error
		if keys[i], err = uuid.Parse(u.Key); err != nil {
			return nil, fmt.Errorf("personal key of user %d: %w", u.User, err)
		}
	}
	opener, err := s.vault.Opener(ctx, keys)
	if err != nil {
		return nil, err
	}
	people := make([]Person, len(sealed))
	for i, u := range sealed {
		p := &people[i]
		for _, field := range []struct {
			plain  *string
			sealed access.Sealed
		}{{&p.Mail, u.Mail}, {&p.Nickname, u.Nickname}, {&p.Phone, u.Phone}, {&p.Position, u.Position}, {&p.Location, u.Location}} {
			if *field.plain, err = opener.Open(keys[i], field.sealed); err != nil {
				return nil, fmt.Errorf("personal data of user %d: %w", u.User, err)
			}
		}
	}
	return people, nil
}

// Person opens the personal fields of one user.
func (s *Service) Person(ctx context.Context, u *User) (Person, error) {
	people, err := s.People(ctx, []Sealed{{User: u.ID, Key: u.PersonalKey, Profile: u.Profile}})
	if err != nil {
		return Person{}, err
	}
	return people[0], nil
}

package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections"
)

// person is a user with the personal fields in clear. It lives no longer than
// the request that it was opened for.
type person struct {
	projections.User
	mail, nickname, phone, position, location string
}

// people opens the personal fields of the users, whose keys are read at once.
// The fields of a user whose key was erased are empty.
func (s *server) people(ctx context.Context, users []projections.User) ([]person, error) {
	keys := make([]uuid.UUID, len(users))
	for i, u := range users {
		if u.PersonalKey == "" {
			continue
		}
		var err error
		if keys[i], err = uuid.Parse(u.PersonalKey); err != nil {
			return nil, fmt.Errorf("personal key of user %d: %w", u.ID, err)
		}
	}
	opener, err := s.Vault.Opener(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make([]person, len(users))
	for i, u := range users {
		out[i].User = u
		for _, field := range out[i].fields() {
			if *field.plain, err = opener.Open(keys[i], field.sealed); err != nil {
				return nil, fmt.Errorf("personal data of user %d: %w", u.ID, err)
			}
		}
	}
	return out, nil
}

// person opens the personal fields of one user.
func (s *server) person(ctx context.Context, user projections.User) (person, error) {
	list, err := s.people(ctx, []projections.User{user})
	if err != nil {
		return person{}, err
	}
	return list[0], nil
}

// personalField is where a personal field goes, and where it comes from.
type personalField struct {
	plain  *string
	sealed access.Sealed
}

func (p *person) fields() []personalField {
	return []personalField{
		{&p.mail, p.Mail}, {&p.nickname, p.Nickname}, {&p.phone, p.Phone}, {&p.position, p.Position}, {&p.location, p.Location},
	}
}

// personFilter selects people by fields that the database cannot read; what is
// empty does not restrict.
type personFilter struct{ mail, nickname, phone string }

func (f personFilter) restricts() bool { return f != personFilter{} }

// lets says whether the filter lets a person through. The mail address is
// matched as it compares: in part, and without case.
func (f personFilter) lets(p person) bool {
	return strings.Contains(access.FoldMail(p.mail), access.FoldMail(f.mail)) &&
		(f.nickname == "" || p.nickname == f.nickname) && (f.phone == "" || p.phone == f.phone)
}

// matching says which of the users the filter lets through.
func (s *server) matching(ctx context.Context, f personFilter, users []projections.User) ([]bool, error) {
	people, err := s.people(ctx, users)
	if err != nil {
		return nil, err
	}
	matches := make([]bool, len(people))
	for i, p := range people {
		matches[i] = f.lets(p)
	}
	return matches, nil
}

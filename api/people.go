package api

import (
	"context"
	"strings"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections"
)

// person is a user of the read models with the personal fields in clear.
type person struct {
	projections.User
	clear identity.Person
}

// people opens the personal fields of the users.
func (s *server) people(ctx context.Context, users []projections.User) ([]person, error) {
	sealed := make([]identity.Sealed, len(users))
	for i, u := range users {
		sealed[i] = identity.Sealed{User: u.ID, Key: u.PersonalKey, Profile: access.Profile{
			Mail: u.Mail, Nickname: u.Nickname, Phone: u.Phone, Position: u.Position, Location: u.Location,
		}}
	}
	clear, err := s.Identity.People(ctx, sealed)
	if err != nil {
		return nil, err
	}
	out := make([]person, len(users))
	for i, u := range users {
		out[i] = person{u, clear[i]}
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

// personFilter selects people by fields that the database cannot read; what is
// empty does not restrict.
type personFilter struct{ mail, nickname, phone string }

func (f personFilter) restricts() bool { return f != personFilter{} }

// lets says whether the filter lets a person through. The mail address is
// matched as it compares: in part, and without case.
func (f personFilter) lets(p identity.Person) bool {
	return strings.Contains(access.FoldMail(p.Mail), access.FoldMail(f.mail)) &&
		(f.nickname == "" || p.Nickname == f.nickname) && (f.phone == "" || p.Phone == f.phone)
}

// matching says which of the users the filter lets through.
func (s *server) matching(ctx context.Context, f personFilter, users []projections.User) ([]bool, error) {
	people, err := s.people(ctx, users)
	if err != nil {
		return nil, err
	}
	matches := make([]bool, len(people))
	for i, p := range people {
		matches[i] = f.lets(p.clear)
	}
	return matches, nil
}

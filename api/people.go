package api

import (
	"context"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
)

// Person is a user of the read models with the personal fields in clear.
type Person struct {
	accessmodel.User
	Clear identity.Person
}

// People opens the personal fields of the users.
func (k *Kernel) People(ctx context.Context, users []accessmodel.User) ([]Person, error) {
	sealed := make([]identity.Sealed, len(users))
	for i, u := range users {
		sealed[i] = identity.Sealed{User: u.ID, Key: u.PersonalKey, Profile: access.Profile{
			Mail: u.Mail, Nickname: u.Nickname, Phone: u.Phone, Position: u.Position, Location: u.Location,
		}}
	}
	clear, err := k.Identity.People(ctx, sealed)
	if err != nil {
		return nil, err
	}
	out := make([]Person, len(users))
	for i, u := range users {
		out[i] = Person{u, clear[i]}
	}
	return out, nil
}

// Person opens the personal fields of one user.
func (k *Kernel) Person(ctx context.Context, user accessmodel.User) (Person, error) {
	list, err := k.People(ctx, []accessmodel.User{user})
	if err != nil {
		return Person{}, err
	}
	return list[0], nil
}

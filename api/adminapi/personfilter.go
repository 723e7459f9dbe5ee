package adminapi

import (
	"context"
	"strings"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
)

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
func (a *API) matching(ctx context.Context, f personFilter, users []accessmodel.User) ([]bool, error) {
	people, err := a.People(ctx, users)
	if err != nil {
		return nil, err
	}
	matches := make([]bool, len(people))
	for i, p := range people {
		matches[i] = f.lets(p.Clear)
	}
	return matches, nil
}

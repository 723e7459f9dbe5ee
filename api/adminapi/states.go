package adminapi

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// States are those of the dialect's resources. What of a person was erased is null.
func (a *API) States() map[api.Resource]api.States {
	return map[api.Resource]api.States{
		api.User: a.userStates,
		api.Role: api.StatesOf(a.rolesThen, func(_ *identity.User, row accessmodel.RoleRow) roleBody { return roleFor(row) }, nil),
	}
}

// rolesThen reads one role after the other: a role's privileges are no part of its row.
func (a *API) rolesThen(ctx context.Context, wanted []query.Then) ([]*accessmodel.RoleRow, error) {
	rows := make([]*accessmodel.RoleRow, len(wanted))
	for i, w := range wanted {
		row, err := a.Access.Role(query.AsOf(ctx, w.At), w.ID)
		switch {
		case err == nil:
			rows[i] = &row
		case !errors.Is(err, query.ErrNotFound):
			return nil, err
		}
	}
	return rows, nil
}

// userStateBody is [userRowBody] with null for what is erased.
type userStateBody struct {
	ID          int64         `json:"id"`
	Email       *string       `json:"email"`
	Username    string        `json:"username"`
	ChineseName *string       `json:"chinese_name"`
	Cellphone   *string       `json:"cellphone"`
	Position    *string       `json:"position"`
	Location    *string       `json:"location"`
	MemberSince string        `json:"member_since"`
	LastSeen    *string       `json:"last_seen"`
	Roles       []roleRefBody `json:"roles"`
}

func (a *API) userStates(c echo.Context, wanted []query.Then) ([]any, error) {
	ctx := c.Request().Context()
	rows, err := a.Access.UsersThen(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var users []accessmodel.User
	for _, row := range rows {
		if row != nil {
			users = append(users, *row)
		}
	}
	people, err := a.People(ctx, users)
	if err != nil {
		return nil, err
	}
	items := make([]any, len(rows))
	for i, row := range rows {
		if row != nil {
			items[i] = a.userState(people[0])
			people = people[1:]
		}
	}
	return items, nil
}

func (a *API) userState(p api.Person) userStateBody {
	body := userStateBody{ID: int64(p.ID), Username: p.Username, MemberSince: a.FormatTime(p.MemberSince), Roles: roleRefs(p)}
	if p.PersonalKey != "" {
		clear := p.Clear
		body.Email, body.ChineseName, body.Cellphone, body.Position, body.Location =
			&clear.Mail, &clear.Nickname, &clear.Phone, &clear.Position, &clear.Location
	}
	return body
}

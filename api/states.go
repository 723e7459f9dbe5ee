package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/query"
)

// States reads what resources of a kind were, each at a position of its own, as the list of
// their contract prints them to the caller of a request. Nil stands for what was not there, and
// for what lies outside of the bounds of the caller's credential. Who may see the resource was
// asked before.
type States func(c echo.Context, wanted []query.Then) ([]any, error)

// StatesOf reads rows and prints them for the caller. covers says whether a row lies within the
// bounds of the caller's credential; nil says that all do.
func StatesOf[Row, Item any](
	read func(context.Context, []query.Then) ([]*Row, error), item func(*identity.User, Row) Item, covers func(*identity.User, Row) bool,
) States {
	return func(c echo.Context, wanted []query.Then) ([]any, error) {
		rows, err := read(c.Request().Context(), wanted)
		if err != nil {
			return nil, err
		}
		who, items := Caller(c), make([]any, len(rows))
		for i, row := range rows {
			if row != nil && (covers == nil || covers(who, *row)) {
				items[i] = item(who, *row)
			}
		}
		return items, nil
	}
}

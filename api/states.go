package api

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/projections/query"
)

// States reads what resources of a kind were, each at a position of its own, as the list of
// their contract prints them to the caller of a request. Nil stands for what was not there, and
// for what lies outside of the bounds of the caller's credential. Who may see the resource was
// asked before.
type States func(c echo.Context, wanted []query.Then) ([]any, error)

// StatesOf reads rows and prints them. covers says whether a row lies within the bounds of the
// caller's credential; nil says that all do.
func StatesOf[Row, Item any](
	read func(c echo.Context, wanted []query.Then) ([]*Row, error), item func(echo.Context, Row) Item, covers func(echo.Context, Row) bool,
) States {
	return func(c echo.Context, wanted []query.Then) ([]any, error) {
		rows, err := read(c, wanted)
		if err != nil {
			return nil, err
		}
		items := make([]any, len(rows))
		for i, row := range rows {
			if row != nil && (covers == nil || covers(c, *row)) {
				items[i] = item(c, *row)
			}
		}
		return items, nil
	}
}

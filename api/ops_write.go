package api

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
)

// opsWrite carries a write of the operations dialect through; said is the info
// of the reply.
func (s *server) opsWrite(c echo.Context, w *write, right authority, build builder, said func(eventstore.Receipt) any) error {
	receipt, err := s.carry(c, w, right, build)
	if err != nil {
		return err
	}
	return s.reply(c, receipt, func(context.Context) (any, error) { return opsBody{OK: true, Info: said(receipt)}, nil })
}

// says is what a write replies whatever came of it.
func says(text string) func(eventstore.Receipt) any {
	return func(eventstore.Receipt) any { return text }
}

// needs is the authority of a write that takes a permission.
func needs(code int) authority { return always(access.Permitted(code)) }

// opsAction carries a POST of one action through; the write's parameters are those of its data.
type opsAction func(s *server, c echo.Context, w *write) error

// opsPost reads a POST and dispatches on its action.
func (s *server) opsPost(c echo.Context, actions map[string]opsAction) error {
	w, err := s.beginWrite(c, callerOf(c).ID)
	if err != nil {
		return err
	}
	w.action = given(w.text("action"))
	if w.err != nil {
		return w.err
	}
	carry, known := actions[w.action]
	if !known {
		return domain.Invalid("action", "must be one of %s", strings.Join(slices.Sorted(maps.Keys(actions)), ", "))
	}
	return carry(s, c, w)
}

// onData returns the action with its parameters taken from data.
func onData(action opsAction) opsAction {
	return func(s *server, c echo.Context, w *write) error {
		w.params = w.inner("data")
		return action(s, c, w)
	}
}

// opsDelete begins a DELETE and reads its argument from the query, or else from
// the body. It is empty, with an error in the write, where neither has it.
func (s *server) opsDelete(c echo.Context, name string) (w *write, argument string, err error) {
	if w, err = s.beginWrite(c, callerOf(c).ID); err != nil {
		return nil, "", err
	}
	q, err := readQuery(c)
	if err != nil {
		return nil, "", err
	}
	inQuery, inBody := q.text(name), w.text(name)
	switch {
	case q.err != nil:
		w.err = q.err
	case inQuery != nil && inBody != nil && *inQuery != *inBody:
		w.refuse(name, "is one in the query and another in the body")
	case inQuery != nil:
		return w, *inQuery, nil
	case inBody != nil:
		return w, *inBody, nil
	default:
		w.refuse(name, "is required")
	}
	return w, "", nil
}

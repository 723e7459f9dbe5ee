package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// administer carries a PUT, DELETE or POST of the path's resource through that
// only an admin may make. there returns [projections.ErrNotFound] for an id that
// names nothing; it is asked where the body is bad, as by [server.change].
func (s *server) administer(c echo.Context, kind resource, there func(context.Context, int64) error, build func(id int64, w *write) (domain.Command, error)) error {
	id, err := pathID(c, kind)
	if err != nil {
		return err
	}
	authority := func(*write) (access.Right, error) {
		return access.Administer(), found(kind, id, there(c.Request().Context(), id))
	}
	return s.write(c, authority, func(w *write) (domain.Command, error) { return build(id, w) })
}

// selfOrAdmin returns the user of the path if the caller is that user or may
// administer. Nobody else learns which ids there are.
func selfOrAdmin(c echo.Context) (domain.UserID, error) {
	who := callerOf(c)
	id, err := pathID(c, resourceUser)
	if err == nil && domain.UserID(id) == who.ID {
		return who.ID, nil
	}
	if forbidden := who.Require(access.Administer()); forbidden != nil {
		return 0, forbidden
	}
	return domain.UserID(id), err
}

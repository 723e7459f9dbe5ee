package v1

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// viewOrderBody is the order of all views on the wire, the first that is matched first.
type viewOrderBody struct {
	ViewIDs []int64 `json:"view_ids"`
}

func (a *API) showViewOrder(c echo.Context) error {
	views, order, err := a.DNS.MatchedViews(c.Request().Context())
	if err != nil {
		return err
	}
	return api.Show(c, order.Changed, viewOrderBody{ViewIDs: idsOf(views)})
}

func idsOf(views []dns.MatchedView) []int64 {
	ids := make([]int64, len(views))
	for i, v := range views {
		ids[i] = v.ID
	}
	return ids
}

func (a *API) orderViews() api.Write {
	return api.Write{
		Right: api.Always(access.Administer()),
		Keys:  api.Names{"view_ids"},
		Command: func(w *api.Request) (domain.Command, error) {
			ids := w.Integers("view_ids")
			if ids == nil {
				w.Refuse("view_ids", "is required: a list of the ids of all views")
				return nil, w.Err
			}
			views, _, err := a.DNS.MatchedViews(w.Context())
			if err != nil {
				return nil, err
			}
			return dns.NewOrderViews(*ids, idsOf(views), w.IfMatch)
		},
	}
}

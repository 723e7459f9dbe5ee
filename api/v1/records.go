package v1

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/query"
)

// addedBody is the reply to a record that was added in several views.
type addedBody struct {
	Message string  `json:"message"`
	IDs     []int64 `json:"ids"`
}

// maxViewNames is in how many views a record is added at once; a zone has no more.
const maxViewNames = 1000

// addRecords adds the document's record in several views, as one change.
func (a *API) addRecords() api.Write {
	return api.Write{
		Right:       a.rightToAddRecords,
		Keys:        api.Names{"zone_id", "host", "record_type", "ttl", "value", "comment", "view_names"},
		Unversioned: true,
		Command: func(w *api.Request) (domain.Command, error) {
			views := texts(w.Params, "view_names")
			if w.Err != nil {
				return nil, w.Err
			}
			if views.Value == nil || len(*views.Value) == 0 || len(*views.Value) > maxViewNames {
				return nil, domain.Invalid("view_names", "must be a list of 1 to %d names", maxViewNames)
			}
			return addInViews(a.addOne, w.Params, *views.Value)
		},
		Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
			w.Header().Del(api.HeaderETag) // it is about several resources
			body := addedBody{Message: "OK", IDs: []int64{}}
			for _, r := range receipt.Events {
				if e, ok := r.Event.(dns.RecordAdded); ok {
					body.IDs = append(body.IDs, e.ID)
				}
			}
			if len(body.IDs) > 0 {
				id := strconv.FormatInt(body.IDs[0], 10)
				w.Header().Set(echo.HeaderLocation, "/dns/records/"+id)
				w.Header().Set(api.HeaderID, id)
			}
			return body, nil
		},
	}
}

// addInViews makes one command of the additions. It is refused in the words of the first
// view that is.
func addInViews(add func(*api.Params, string) (domain.Command, error), p *api.Params, views []string) (domain.Command, error) {
	operations := make([]batch.Operation, len(views))
	for i, view := range views {
		cmd, err := add(p, view)
		if err != nil {
			return nil, inViews(err)
		}
		operations[i] = batch.Of(cmd, nil)
	}
	return batch.NewTogether(operations, func(i int, err error) error {
		if len(views) == 1 {
			return inViews(err)
		}
		return about(views[i], inViews(err))
	})
}

// inViews lets a refusal name the parameter that this route has.
func inViews(err error) error {
	var refused *domain.Error
	if !errors.As(err, &refused) || refused.Field != "view_name" {
		return err
	}
	return refused.Of("view_names")
}

// about says in which view an addition was refused.
func about(view string, err error) error {
	var refused *domain.Error
	if !errors.As(err, &refused) {
		return err
	}
	return refused.Within(fmt.Sprintf("view %q", view))
}

// addOne makes the command of the document's POST /dns/records with a view's name put in.
func (a *API) addOne(p *api.Params, view string) (domain.Command, error) {
	route := a.recordRoute()
	if route == nil {
		return nil, errors.New("there is no route that adds a record")
	}
	object := maps.Clone(p.Object)
	delete(object, "view_names")
	name, err := json.Marshal(view)
	if err != nil {
		return nil, err
	}
	object["view_name"] = name
	return operation{route: route}.command(0, &api.Params{Object: object})
}

// recordRoute is the document's route that adds a record: what a record may say is said there.
func (a *API) recordRoute() *api.Route {
	for i, r := range a.Batchable {
		if r.Method == http.MethodPost && r.Path == "/dns/records" {
			return &a.Batchable[i]
		}
	}
	return nil
}

func (a *API) rightToAddRecords(w *api.Request) (access.Right, error) {
	id := w.Integer("zone_id")
	if id == nil {
		return access.Right{}, domain.Invalid("zone_id", "is required")
	}
	zone, err := a.DNS.Zone(w.Context(), *id)
	if errors.Is(err, query.ErrNotFound) {
		err = domain.Invalid("zone_id", "there is no zone %d", *id)
	}
	return access.OnRecords(zone.Target, access.OperationUpdate), err
}

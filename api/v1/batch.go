package v1

import (
	"net/http"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/eventstore"
)

// placesOfBatches bounds how many batches are decided at once. One may take as much
// memory and time as thousands of other requests; more of them wait in line.
func placesOfBatches() *api.Places {
	return api.NewPlaces(api.PlaceLimits{What: "batches", Most: 2, Each: 1, Line: 7})
}

// maxBatchMembers bounds the members of a batch's objects and lists, see
// [api.BodyLimit]: ten thousand operations have ten times as many.
const maxBatchMembers = 100_000

// batchBody is the reply to a batch that was accepted.
type batchBody struct {
	Message string        `json:"message"`
	Results []batchResult `json:"results"`
}

// batchResult is what became of one operation of the batch.
type batchResult struct {
	Status int `json:"status"`
	// Location is the path of what was created or changed.
	Location string `json:"location,omitempty"`
}

// batch carries out many writes as one: all of them, or none.
func (a *API) batch() api.Write {
	return api.Write{Places: placesOfBatches(), Keys: api.Reads(operationList), Choose: func(w *api.Request) (api.Write, error) {
		if w.HTTP().Header.Get(api.HeaderIfMatch) != "" {
			return api.Write{}, domain.Invalid(api.HeaderIfMatch, "批量操作不支持！")
		}
		operations, err := readOperations(w.Params, a.Batchable)
		confine(w, operations)
		inspect(w, operations)
		return api.Write{
			Command: func(*api.Request) (domain.Command, error) {
				if err != nil {
					return nil, err
				}
				return batchCommand(operations)
			},
			Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
				w.Header().Del(api.HeaderETag) // a batch is about many resources
				return batchBody{Message: "OK", Results: batchResults(operations, receipt.Events)}, nil
			},
		}, nil
	}}
}

func batchCommand(operations []operation) (domain.Command, error) {
	steps := make([]batch.Operation, len(operations))
	for i, o := range operations {
		steps[i] = o.step()
	}
	return batch.New(steps)
}

// batchResults says what became of each operation. It follows from the
// operations and the events, so a repeat gets the reply that the first one got:
// each creation has one event, in the order of the operations.
func batchResults(operations []operation, events []domain.Recorded) []batchResult {
	results := make([]batchResult, len(operations))
	for i, o := range operations {
		results[i].Status = http.StatusOK
		switch {
		case o.method == http.MethodPost:
			results[i].Location, events = o.created(events)
		case o.method == http.MethodPut && o.target.operation >= 0:
			results[i].Location = results[o.target.operation].Location
		case o.method == http.MethodPut:
			results[i].Location = o.path
		}
	}
	return results
}

// created returns the path of what the operation created, and the events after that.
func (o operation) created(events []domain.Recorded) (path string, rest []domain.Recorded) {
	for i, r := range events {
		if path, _, ok := o.route.Dialect.Created(r.Event); ok {
			return path, events[i+1:]
		}
	}
	return "", nil
}

package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
)

// pathBatch is the route of batches.
const pathBatch = "/v1/batch"

// maxBatches is how many batches are decided at once. One may take as much
// memory and time as thousands of other requests; more of them wait in line.
const maxBatches = 2

// The bodies of a batch's reply.
type (
	batchBody struct {
		Message string        `json:"message"`
		Results []batchResult `json:"results"`
	}
	batchFailedBody struct {
		failedBody
		Results []batchRefusal `json:"results"`
	}
	// batchResult is what became of one operation of a batch that was accepted.
	batchResult struct {
		Status int `json:"status"`
		// Location is the path of what was created or changed.
		Location string `json:"location,omitempty"`
	}
	// batchRefusal is why one operation of a batch was refused.
	batchRefusal struct {
		Index  int    `json:"index"`
		Status int    `json:"status"`
		Error  string `json:"error"`
	}
)

// runBatch carries out many writes as one: all of them, or none.
func (s *server) runBatch(c echo.Context) error {
	if c.Request().Header.Get(headerIfMatch) != "" {
		return domain.Invalid(headerIfMatch, "批量操作不支持！")
	}
	w, err := s.beginWrite(c, callerOf(c).ID)
	if err != nil {
		return err
	}
	leave, err := s.queueForBatch(c.Request().Context())
	if err != nil {
		return err
	}
	defer leave()
	operations, unreadable := readOperations(w.params)
	receipt, err := s.execute(c, w, func(*write) (domain.Command, error) {
		if unreadable != nil {
			return nil, unreadable
		}
		return batchCommand(operations)
	})
	if err != nil {
		return err
	}
	if receipt.Refusal != nil {
		return c.Blob(receipt.Refusal.Status, echo.MIMEApplicationJSON, receipt.Refusal.Body)
	}
	if err := s.await(c, receipt); err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, batchBody{Message: "OK", Results: batchResults(operations, receipt.Events)})
}

// queueForBatch waits for a place among the batches in work; leave gives it up.
func (s *server) queueForBatch(ctx context.Context) (leave func(), err error) {
	select {
	case s.batches <- struct{}{}:
		return func() { <-s.batches }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func batchCommand(operations []batchOperation) (domain.Command, error) {
	steps := make([]batch.Operation, len(operations))
	for i, o := range operations {
		steps[i] = o.step()
	}
	return batch.New(steps)
}

// batchResults says what became of each operation. It follows from the
// operations and the events, so a repeat gets the reply that the first one got:
// each creation has one event, in the order of the operations.
func batchResults(operations []batchOperation, events []domain.Recorded) []batchResult {
	var created []string
	for _, r := range events {
		if path, ok := createdPath(r.Event); ok {
			created = append(created, path)
		}
	}
	results := make([]batchResult, len(operations))
	for i, o := range operations {
		results[i].Status = http.StatusOK
		switch {
		case o.method == http.MethodPost && len(created) > 0:
			results[i].Location, created = created[0], created[1:]
		case o.method == http.MethodPut && o.target.operation >= 0:
			results[i].Location = results[o.target.operation].Location
		case o.method == http.MethodPut:
			results[i].Location = o.path
		}
	}
	return results
}

// answerBatch is the reply to a refused batch.
func answerBatch(e *batch.Error) (status int, body any) {
	out := batchFailedBody{failedBody: failed(e.Error()), Results: make([]batchRefusal, len(e.Refusals))}
	for i, r := range e.Refusals {
		out.Results[i] = batchRefusal{Index: r.Index, Status: statusOf(r.Err), Error: r.Err.Message}
	}
	return http.StatusBadRequest, out
}

package v1

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

// logPageBody is a page of an attempt's output.
type logPageBody struct {
	TaskID  string          `json:"task_id"`
	Attempt domain.Position `json:"attempt"`
	State   ops.State       `json:"state"`
	Lines   []logLine       `json:"lines"`
	// Missing are ranges that are not kept, or that the host dropped.
	Missing []lineRange `json:"missing"`
	// After is where the next page begins, End whether there is none to come.
	After int64 `json:"after"`
	End   bool  `json:"end"`
}

// logLine is a line with the id that its event in a stream has.
type logLine struct {
	ID string `json:"id"`
	OutputLine
}

// lineRange is a range of lines, both ends included.
type lineRange struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// pageOfLog replies with what is kept now behind a line.
func (a *API) pageOfLog(c echo.Context, r *logRequest) error {
	q := api.ReadQuery(c.Request())
	count := q.Count()
	if q.Err != nil {
		return q.Err
	}
	body := logPageBody{
		TaskID: r.task.Name, Attempt: r.attempt, State: r.task.State, After: r.after,
		Lines: []logLine{}, Missing: []lineRange{},
	}
	more, err := a.fillPage(c, r, &body, max(count, 1))
	if err != nil {
		return err
	}
	if body.End, err = a.endOfPage(c, r, &body, more); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

// endOfPage says whether no line is to come, and which were counted and are not kept.
func (a *API) endOfPage(c echo.Context, r *logRequest, body *logPageBody, more bool) (bool, error) {
	if more || !r.over(r.task) {
		return false, nil
	}
	lines := r.task.Attempt.Lines
	if r.attempt != r.task.Attempt.Number || body.After >= lines {
		return true, nil
	}
	late, err := a.lateUntil(c.Request().Context(), r.task)
	if err != nil || time.Now().Before(late) {
		return false, err
	}
	body.Missing, body.After = append(body.Missing, lineRange{body.After + 1, lines}), lines
	return true, nil
}

// fillPage reads up to count lines, and says whether more are kept.
func (a *API) fillPage(c echo.Context, r *logRequest, body *logPageBody, count int) (more bool, err error) {
	reader, err := a.Output.Open(c.Request().Context(), r.of(), r.after)
	if err != nil {
		return false, err
	}
	defer reader.Close()
	for len(body.Lines) < count && reader.Pending() {
		lines, err := reader.Next(c.Request().Context())
		if err != nil {
			return false, err
		}
		for _, line := range lines {
			if line.Number <= body.After {
				continue
			}
			if len(body.Lines) == count {
				return true, nil
			}
			if line.Number > body.After+1 {
				body.Missing = append(body.Missing, lineRange{body.After + 1, line.Number - 1})
			}
			body.Lines = append(body.Lines, logLine{lineID(r.attempt, line.Number), line})
			body.After = line.Number
		}
	}
	return reader.Pending(), nil
}

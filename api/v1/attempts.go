package v1

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
)

// attemptBody is an attempt of a task.
type attemptBody struct {
	// Number is the position of the event that accepted the attempt.
	Number   domain.Position `json:"number"`
	Kind     ops.Mode        `json:"kind"`
	Executor string          `json:"executor"`
	Accepted time.Time       `json:"accepted"`
	// Started and Ended are null for not yet.
	Started *time.Time       `json:"started"`
	Ended   *time.Time       `json:"ended"`
	Percent int              `json:"percent"`
	State   ops.AttemptState `json:"state"`
	Result  string           `json:"result"`
}

// listAttempts lists the attempts of a task, the newest first.
func (a *API) listAttempts(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	limit, before := limitOf(q), cursorOf(q)
	if q.Err != nil {
		return q.Err
	}
	task, err := a.taskOfPath(c)
	if err != nil {
		return err
	}
	rows, err := a.Ops.Attempts(c.Request().Context(), task.Name, domain.Position(before), limit+1)
	if err != nil {
		return err
	}
	body := struct {
		Attempts []attemptBody `json:"attempts"`
		Next     *string       `json:"next"`
	}{Attempts: []attemptBody{}}
	rows, body.Next = cut(rows, limit, func(a opsmodel.Attempt) int64 { return int64(a.Number) })
	for _, row := range rows {
		body.Attempts = append(body.Attempts, attemptOnWire(row))
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

func attemptOnWire(a opsmodel.Attempt) attemptBody {
	return attemptBody{
		Number: a.Number, Kind: a.Mode, Executor: a.Executor, Accepted: a.Accepted, Started: orNull(a.Started), Ended: orNull(a.Ended),
		Percent: a.Percent, State: a.State, Result: a.Result,
	}
}

// orNull is nil for the time that never was.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// How many rows a list has where a request does not say, and at most.
const defaultLimit, maxLimit = 100, 1000

func limitOf(q *api.Params) int {
	n := q.Integer("limit")
	if n == nil {
		return defaultLimit
	}
	if *n < 1 || *n > maxLimit {
		q.Refuse("limit", "must be 1 to %d", maxLimit)
		return defaultLimit
	}
	return int(*n)
}

// cursorOf reads where a list goes on: below this number.
func cursorOf(q *api.Params) int64 {
	text := q.Text("cursor")
	if text == nil {
		return math.MaxInt64
	}
	n, ok := api.ParseInteger(*text)
	if !ok || n < 1 {
		q.Refuse("cursor", "is not one that a list gave")
	}
	return n
}

// cut leaves the page of a list of which one row more than the page has was read, and says
// where the list goes on: nil for nowhere.
func cut[Row any](rows []Row, limit int, number func(Row) int64) (page []Row, next *string) {
	if len(rows) <= limit {
		return rows, nil
	}
	return rows[:limit], cursor(number(rows[limit-1]))
}

func cursor(number int64) *string { return new(strconv.FormatInt(number, 10)) }

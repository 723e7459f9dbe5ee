package opsapi

import (
	"testing"

	"github.com/opsledger/opsledger/api"
)

// A client's mistake is 200 and not ok; every other failure keeps its status.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		problem api.Problem
		status  int
	}{
		{api.Problem{Status: 400, Text: "x"}, 200},
		{api.Problem{Status: 404, Text: "x", Refused: true}, 200},
		{api.Problem{Status: 404, Text: "x"}, 404},
		{api.Problem{Status: 403, Text: "x", Refused: true}, 403},
		{api.Problem{Status: 500, Text: "internal error, request id id1"}, 500},
	} {
		if status, body := fail(c.problem); status != c.status || body != (replyBody{Info: c.problem.Text}) {
			t.Errorf("%+v: %d %+v, want %d", c.problem, status, body, c.status)
		}
	}
}

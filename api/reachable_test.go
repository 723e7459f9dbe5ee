package api

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/eventstore"
)

// What a request fails with while the database stops answering, and what its client is told.
func TestToldOfTheDatabase(t *testing.T) {
	t.Parallel()
	reachable := t.Context()
	lost, lose := context.WithCancel(reachable)
	lose()
	unknown := fmt.Errorf("%w: %w: %w", eventstore.ErrUnavailable, eventstore.ErrUnknownOutcome, context.DeadlineExceeded)
	for name, c := range map[string]struct {
		failed    error
		reachable context.Context
		told      error
	}{
		"a read that was ended":       {fmt.Errorf("read: %w", context.Canceled), lost, eventstore.ErrUnavailable},
		"a wait until its limit":      {context.DeadlineExceeded, lost, eventstore.ErrUnavailable},
		"an append, perhaps made":     {unknown, lost, unknown},
		"the client went away":        {context.Canceled, reachable, context.Canceled},
		"a refusal at the same time":  {tooLargeError{MaxBody}, lost, tooLargeError{MaxBody}},
		"an answer, just before that": {nil, lost, nil},
	} {
		//nolint:errorlint // the very error, not one that wraps it
		if got := told(c.failed, c.reachable); got != c.told {
			t.Errorf("%s: %v, want %v", name, got, c.told)
		}
	}
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	_, err := pgx.Connect(t.Context(), "postgres://nobody@/none?host="+t.TempDir())
	if got := problem(err, ""); got.Status != 503 {
		t.Errorf("no database: %d (%v)", got.Status, err)
	}
	if got := problem(context.DeadlineExceeded, ""); got.Status != 503 {
		t.Error(got.Status)
	}
}

package eventstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A long decision learns on the way, by a Load of nothing, that nobody waits for it any more.
func TestALongDecisionMayAskWhetherToGoOn(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	_, err := s.Execute(ctx, eventstore.Request{Door: domain.DoorSystem, Command: deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
		if err := h.Load(countOf("a")); err != nil {
			return nil, err
		}
		if err := h.Load(); err != nil {
			return nil, err
		}
		cancel()
		for asked++; asked < 1000; asked++ {
			if err := h.Load(); err != nil {
				return nil, err
			}
		}
		return nil, errors.New("never told")
	})})
	if !errors.Is(err, context.Canceled) || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

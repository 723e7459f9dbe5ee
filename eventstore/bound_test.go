package eventstore_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A request with a credential is decided within its bounds, whoever sends it and whether it
// is carried out; a store that knows no bounds takes none.
func TestCredentialsAreBounded(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	refusing := func(_ domain.Command, id domain.CredentialID) domain.Command {
		return deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
			if err := h.Load(countOf("x", "Taken")); err != nil {
				return nil, err
			}
			return nil, domain.Forbidden("out of bounds of %d", int(id))
		})
	}
	bounded := run(t, pool, func(c *eventstore.Config) { c.Bound = refusing })
	boundless := open(t, pool, func(c *eventstore.Config) { c.Bound = nil })
	by := eventstore.Request{Command: take("x"), Actor: 7, Credential: 3, Door: domain.DoorV1}
	for name, s := range map[string]*eventstore.Store{"out of bounds of 3": bounded, "event store: a request with a credential, and nothing to bound it": boundless} {
		if _, err := s.Execute(t.Context(), by); err == nil || err.Error() != name {
			t.Errorf("%v, want %s", err, name)
		}
		if _, err := s.Preview(t.Context(), by); err == nil || err.Error() != name {
			t.Errorf("preview: %v, want %s", err, name)
		}
	}
	by.Credential = 0
	if _, err := bounded.Execute(t.Context(), by); err != nil {
		t.Errorf("a login: %v", err)
	}
}

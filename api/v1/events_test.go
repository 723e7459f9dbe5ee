package v1

import (
	"testing"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// For a name that nobody has had the log is looked through like for any other, so that
// nothing tells who exists.
func TestUnknownActorIsLookedFor(t *testing.T) {
	t.Parallel()
	store, err := eventstore.Open(t.Context(), eventstore.Config{
		Pool: testkit.Postgres(t), Codec: testkit.Codec(), Bound: func(c domain.Command, _ domain.CredentialID) domain.Command { return c },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	a := &API{Kernel: &api.Kernel{Config: api.Config{Store: store}}}
	for _, name := range []string{"nobody", "system", "ＳＹＳＴＥＭ"} {
		of, err := a.selection(t.Context(), eventsFilter{actor: name}, 100)
		if err != nil {
			t.Fatal(err)
		}
		of.Width, of.Limit = 10, 10
		if _, reached, err := store.Select(t.Context(), of); err != nil || reached != 10 {
			t.Errorf("%s: %d is reached at once, %v", name, reached, err)
		}
	}
}

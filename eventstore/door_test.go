package eventstore_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// An event says by which door and credential it came: to who appended it, to who repeats
// that, and to whoever reads the log.
func TestDoorsAreKept(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	for i, door := range domain.Doors() {
		req := eventstore.Request{
			Command: notes(2), Door: door, Credential: domain.CredentialID(i) << 40, CommandID: uuid.New(),
		}
		for _, replayed := range []bool{false, true} {
			r, err := s.Execute(t.Context(), req)
			if err != nil || r.Replayed != replayed || len(r.Events) != 2 || r.Events[1].Door != door || r.Events[1].Credential != req.Credential {
				t.Errorf("by %s: %+v, %v", door, r, err)
			}
		}
	}
	for i, e := range wholeLog(t, s) {
		if n := i / 2; e.Door != domain.Doors()[n] || e.Credential != domain.CredentialID(n)<<40 {
			t.Errorf("event %d came by the door %q and credential %d", e.Position, e.Door, e.Credential)
		}
	}
}

// Nobody can forget the door of a change.
func TestNoChangeWithoutADoor(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	for _, door := range []domain.Door{"", "window", "DNS"} {
		if _, err := s.Execute(t.Context(), eventstore.Request{Command: notes(1), Door: door}); err == nil || !strings.Contains(err.Error(), "door") {
			t.Errorf("by the door %q: %v", door, err)
		}
	}
	if log := wholeLog(t, s); len(log) != 0 {
		t.Errorf("appended: %+v", log)
	}
}

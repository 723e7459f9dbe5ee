package eventstore_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A command with an id is carried out once; each repetition, also in another
// process, gets the first answer, and another request under the id an error.
func TestCommandsAreIdempotent(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	stores := []*eventstore.Store{run(t, pool), run(t, pool)}
	event := noted{Text: "once", On: []domain.Tag{"x"}}
	for _, c := range []struct {
		name    string
		command domain.Command
		events  int
	}{
		{"that loads", deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
			return []domain.Event{event, event}, h.Load(countOf("x"))
		}), 2},
		{"that would be refused now", take("name"), 1},
		{"that loads nothing", note(event), 1},
		{"without events", note(), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			req := eventstore.Request{Door: domain.DoorSystem, Command: c.command, CommandID: uuid.New(), Fingerprint: []byte("print")}
			first, err := stores[0].Execute(t.Context(), req)
			if err != nil || first.Replayed || len(first.Events) != c.events {
				t.Fatalf("first: %+v, %v", first, err)
			}
			for _, s := range stores {
				again, err := s.Execute(t.Context(), req)
				if err != nil || !again.Replayed || again.First != first.First || again.Last != first.Last || len(again.Events) != c.events {
					t.Errorf("again: %+v, %v", again, err)
				}
				if c.events > 0 && again.Events[0].ID != first.Events[0].ID {
					t.Errorf("another event: %+v", again.Events[0])
				}
				other := req
				other.Fingerprint = []byte("other")
				if _, err := s.Execute(t.Context(), other); !errors.Is(err, eventstore.ErrFingerprint) {
					t.Errorf("another request: %v", err)
				}
			}
		})
	}
}

// A refusal is kept for its command, unless the command was carried out meanwhile.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	execute(t, s, take("a"))
	req := eventstore.Request{Door: domain.DoorSystem, Command: take("a"), CommandID: uuid.New(), Fingerprint: []byte("print")}
	var refused *domain.Error
	if _, err := s.Execute(t.Context(), req); !errors.As(err, &refused) {
		t.Fatalf("not refused: %v", err)
	}
	reply := eventstore.Refusal{Status: 400, Body: []byte(`{"message": "Failed",  "b":1}`)}
	for range 2 {
		if err := s.SaveRefusal(t.Context(), req.CommandID, req.Fingerprint, reply); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SaveRefusal(t.Context(), req.CommandID, []byte("other"), reply); !errors.Is(err, eventstore.ErrFingerprint) {
		t.Errorf("refusal of another request: %v", err)
	}
	r, err := s.Execute(t.Context(), req)
	if err != nil || !r.Replayed || r.Refusal == nil || r.Refusal.Status != 400 || string(r.Refusal.Body) != string(reply.Body) {
		t.Errorf("replayed %+v, %v", r, err)
	}
	done := eventstore.Request{Door: domain.DoorSystem, Command: take("b"), CommandID: uuid.New()}
	if _, err := s.Execute(t.Context(), done); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveRefusal(t.Context(), done.CommandID, nil, reply); err != nil {
		t.Error(err)
	}
	if r, err := s.Execute(t.Context(), done); err != nil || r.Refusal != nil || r.First == 0 {
		t.Errorf("what was carried out first stands: %+v, %v", r, err)
	}
	bad := eventstore.Refusal{Status: 400, Body: []byte(`{"broken`)}
	if err := s.SaveRefusal(t.Context(), uuid.New(), nil, bad); err == nil {
		t.Error("a reply that is not JSON was kept")
	}
}

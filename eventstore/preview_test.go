package eventstore_test

import (
	"errors"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A preview decides as Execute does, and leaves nothing: no event, no id that is gone, and no
// reply under the command's id.
func TestPreview(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	var got []int64
	create := allocating{func(h domain.History, env domain.Env) ([]domain.Event, error) {
		c := countOf("x", "Taken")
		if err := h.Load(c); err != nil {
			return nil, err
		}
		if c.n > 0 {
			return nil, domain.Refused("taken")
		}
		env.Warn(domain.Warn("", "mind that"))
		id := env.NextID(domain.SequenceZone)
		got = append(got, id)
		return []domain.Event{noted{ID: id, Text: `"4611686018427387904`, On: []domain.Tag{"x"}}, noted{ID: 7, On: []domain.Tag{"x"}}}, nil
	}}
	for range 3 {
		p, err := s.Preview(t.Context(), eventstore.Request{Command: create, Door: domain.DoorSystem})
		if err != nil || len(p.Events) != 2 || len(p.Warnings) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		if a, b := string(p.Data[0]), string(p.Data[1]); a != `{"id":null,"text":"\"4611686018427387904","on":["x"]}` || b != `{"id":7,"on":["x"]}` {
			t.Errorf("%s %s", a, b)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || head.Position != 0 {
		t.Errorf("the log is at %d, %v", head.Position, err)
	}
	receipt, err := s.Execute(t.Context(), eventstore.Request{Command: create, Door: domain.DoorSystem})
	if err != nil || receipt.Last != 2 || got[len(got)-1] != 1 {
		t.Errorf("%+v, %v with the ids %v", receipt, err, got)
	}
	if _, err := s.Execute(t.Context(), eventstore.Request{Command: take("x"), Door: domain.DoorSystem}); err != nil {
		t.Fatal(err)
	}
	var refused *domain.Error
	if _, err := s.Preview(t.Context(), eventstore.Request{Command: create, Door: domain.DoorSystem}); !errors.As(err, &refused) {
		t.Errorf("refused: %v", err)
	}
	large := noted{Text: string(make([]byte, 600<<10)), On: []domain.Tag{"x"}}
	if _, err := s.Preview(t.Context(), eventstore.Request{Command: note(large), Door: domain.DoorSystem}); !errors.Is(err, eventstore.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

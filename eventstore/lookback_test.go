package eventstore_test

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

// ReadBack walks one context and steps over the others.
func TestReadBack(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	var access []domain.Position
	for i := range 12 {
		var e domain.Event = noted{Text: "n", On: []domain.Tag{"t:1"}}
		if i%3 == 0 {
			e = taken{Name: "name:x"}
		}
		r := execute(t, s, note(e))
		if i%3 == 0 {
			access = append(access, r.Last)
		}
	}
	slices.Reverse(access)
	for name, c := range map[string]struct {
		after domain.Position
		limit int
		want  []domain.Position
	}{
		"all":         {0, 100, access},
		"limit":       {0, 2, access[:2]},
		"after one":   {access[2], 100, access[:2]},
		"in between":  {access[2] + 1, 100, access[:2]},
		"before one":  {access[2] - 1, 100, access[:3]},
		"only itself": {access[0] - 1, 100, access[:1]},
		"nothing new": {access[0], 100, nil},
	} {
		events, err := s.ReadBack(t.Context(), access[0], c.after, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []domain.Position
		for _, e := range events {
			got = append(got, e.Position)
			if e.Context != domain.ContextAccess || !slices.Equal(e.Tags, []domain.Tag{"name:x"}) {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	head, err := s.Head(t.Context())
	if err != nil || head.Last[domain.ContextAccess] != access[0] {
		t.Errorf("the context's last event: %v, %v", head.Last, err)
	}
}

// Load brings folds to the head and remembers them.
func TestLoad(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	for want := 1; want <= 3; want++ {
		last := execute(t, s, note(noted{On: []domain.Tag{"t:1"}})).Last
		one, other := countOf("t:1"), countOf("t:2")
		head, err := s.Load(t.Context(), one, other)
		if err != nil || head != last || one.n != want || one.last != last || other.n != 0 {
			t.Errorf("%d events up to %d, %d others, at %d, %v", one.n, one.last, other.n, head, err)
		}
	}
	if head, err := s.Load(t.Context()); err != nil || head != 3 {
		t.Errorf("without folds: %d, %v", head, err)
	}
}

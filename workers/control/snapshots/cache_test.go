package snapshots

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
)

func TestCache(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newCache()
	c.now = func() time.Time { return now }
	builds := 0
	at := func(p domain.Position) func(context.Context) (*snapshot, error) {
		return func(context.Context) (*snapshot, error) {
			builds++
			return &snapshot{id: fmt.Sprint(builds), lastDNS: p, chunks: [][]byte{{1}}}, nil
		}
	}
	take := func(p domain.Position) *snapshot {
		t.Helper()
		s, err := c.get(t.Context(), p, at(p))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := take(5)
	if take(5) != first || take(3) != first || builds != 1 {
		t.Errorf("%d builds for one position", builds)
	}
	if take(6) == first || builds != 2 {
		t.Error("a newer position needs a new snapshot")
	}
	if _, ok := c.chunk(first.id, 0); !ok {
		t.Error("the older one is gone already")
	}
	if _, ok := c.chunk(first.id, 1); ok {
		t.Error("it has no second chunk")
	}
	if _, ok := c.chunk(first.id, -1); ok {
		t.Error("it has no chunk -1")
	}
	now = now.Add(keepFor - time.Second)
	if _, ok := c.chunk("2", 0); !ok {
		t.Error("gone before its time")
	}
	now = now.Add(2 * time.Second)
	c.expire()
	if _, ok := c.chunk(first.id, 0); ok || len(c.list) != 1 {
		t.Error("kept beyond its time")
	}
	for p := range domain.Position(3 * keepMost) {
		take(100 + p)
	}
	if len(c.list) != keepMost {
		t.Errorf("%d are kept", len(c.list))
	}
}

func TestManyWhoAskAtOnceShareOneBuild(t *testing.T) {
	t.Parallel()
	c := newCache()
	var builds int // only one builds at a time
	var asking sync.WaitGroup
	for range 50 {
		asking.Go(func() {
			if _, err := c.get(context.Background(), 5, func(context.Context) (*snapshot, error) {
				builds++
				return &snapshot{lastDNS: 5}, nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	if builds != 1 {
		t.Errorf("%d builds", builds)
	}
	broken := errors.New("broken")
	if _, err := c.get(t.Context(), 6, func(context.Context) (*snapshot, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := c.get(t.Context(), 6, func(context.Context) (*snapshot, error) { return &snapshot{lastDNS: 6}, nil }); err != nil {
		t.Errorf("a failed build must not block the next: %v", err)
	}
}

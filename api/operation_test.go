package api

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Those who ask one after another are told what was found for the first, but not what
// one found who did not wait.
func TestReadinessIsAskedOnce(t *testing.T) {
	t.Parallel()
	var r readiness
	unready, looked := errors.New("unready"), 0
	look := func(context.Context) error { looked++; return unready }
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := r.of(gone, look); !errors.Is(err, unready) || !r.at.IsZero() {
		t.Errorf("%v, found at %v", err, r.at)
	}
	_ = r.of(t.Context(), look)
	r.at = time.Now().Add(time.Hour) // whatever the machine does meanwhile
	for range 10 {
		if err := r.of(t.Context(), look); !errors.Is(err, unready) {
			t.Error(err)
		}
	}
	if looked != 2 {
		t.Errorf("looked %d times", looked)
	}
	r.at = time.Now().Add(-readyFor)
	if _ = r.of(t.Context(), look); looked != 3 {
		t.Error("what was found holds for ever")
	}
}

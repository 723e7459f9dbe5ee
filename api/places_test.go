package api

import (
	"context"
	"errors"
	"testing"
)

// No more requests than places are in work; whoever waits goes when one leaves, or gives up.
func TestPlaces(t *testing.T) {
	t.Parallel()
	places := NewPlaces(2)
	var leave func()
	for range cap(places) {
		var err error
		leave, err = places.take(t.Context())
		must(t, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := places.take(gone); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	waited := make(chan error)
	go func() {
		_, err := places.take(t.Context())
		waited <- err
	}()
	leave()
	must(t, <-waited)
}

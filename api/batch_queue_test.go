package api

import (
	"context"
	"errors"
	"testing"
)

// No more than maxBatches are in work; whoever waits goes when one leaves, or gives up.
func TestBatchesWaitInLine(t *testing.T) {
	t.Parallel()
	s := &server{batches: make(chan struct{}, maxBatches)}
	var leave func()
	for range maxBatches {
		var err error
		leave, err = s.queueForBatch(t.Context())
		must(t, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.queueForBatch(gone); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	waited := make(chan error)
	go func() {
		_, err := s.queueForBatch(t.Context())
		waited <- err
	}()
	leave()
	must(t, <-waited)
}

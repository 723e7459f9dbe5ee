package testkit

import (
	"context"
	"sync"
	"testing"
)

// Background runs a service until stop is called or the test ends. A service that ends with an
// error fails the test.
func Background(t testing.TB, service func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := service(ctx); err != nil {
			t.Errorf("service: %v", err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

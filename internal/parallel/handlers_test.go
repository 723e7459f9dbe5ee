package parallel_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/parallel"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestHandlers(t *testing.T) {
	t.Parallel()
	const limit = 3
	ctx, cancel := context.WithCancel(t.Context())
	begun, goOn := make(chan struct{}, 2*limit), make(chan struct{})
	var ended atomic.Int32
	h := parallel.New(limit)
	callback := h.Each(ctx, func(*nats.Msg) {
		begun <- struct{}{}
		<-goOn
		ended.Add(1)
	})
	for range limit {
		callback(nil)
	}
	held := make(chan struct{})
	go func() { // as a subscription calls it
		callback(nil)
		close(held)
	}()
	goOn <- struct{}{} // one makes room
	<-held
	for range limit + 1 {
		<-begun
	}
	cancel()
	for range 100 { // once would be chance: ctx has ended, too
		callback(nil)
	}
	if len(begun) != 0 {
		t.Error("more are at work than may be")
	}
	go func() {
		for range limit {
			goOn <- struct{}{}
		}
	}()
	h.Close()
	if n := ended.Load(); n != limit+1 {
		t.Errorf("%d have ended at Close, want %d", n, limit+1)
	}
	for range 100 { // that were under way
		callback(nil)
	}
	if len(begun) != 0 {
		t.Error("something is handled after Close")
	}
}

func TestWhatFindsNobodyFreeIsDropped(t *testing.T) {
	t.Parallel()
	const limit = 2
	begun, goOn := make(chan struct{}, 2*limit), make(chan struct{})
	h := parallel.New(limit)
	callback := h.Some(func(*nats.Msg) {
		begun <- struct{}{}
		<-goOn
	})
	for range 3 * limit {
		callback(nil)
	}
	for range limit {
		<-begun
		goOn <- struct{}{}
	}
	h.Close()
	callback(nil) // that was under way
	if len(begun) != 0 {
		t.Error("more were handled than the limit")
	}
}

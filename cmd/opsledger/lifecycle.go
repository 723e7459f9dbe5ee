package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// lifecycle runs services that depend on each other.
//
// Invariants:
//  1. Services stop in the reverse order of their start, each only after the
//     one started later has returned: intake first, the database last.
//  2. The first service that returns while it should run stops everything, and
//     its error is the one that is reported.
type lifecycle struct {
	log     *slog.Logger
	parts   []part
	mu      sync.Mutex
	failure error
	failed  chan struct{}
}

type part struct {
	name string
	stop func() error
}

func newLifecycle(log *slog.Logger) *lifecycle {
	return &lifecycle{log: log, failed: make(chan struct{})}
}

// start runs a service in the background until stop, or until it fails.
func (l *lifecycle) start(name string, run func(context.Context) error) {
	// The context is its own: the end of the caller's must not stop services
	// out of order.
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := run(ctx)
		if ctx.Err() == nil {
			if err == nil {
				err = errors.New("ended by itself")
			}
			l.fail(fmt.Errorf("%s: %w", name, err))
		} else if errors.Is(err, context.Canceled) {
			err = nil
		}
		done <- err
	}()
	l.parts = append(l.parts, part{name, func() error {
		cancel()
		return <-done
	}})
}

// onStop registers the stop of something that is running already.
func (l *lifecycle) onStop(name string, stop func() error) {
	l.parts = append(l.parts, part{name, stop})
}

func (l *lifecycle) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure == nil {
		l.failure = err
		close(l.failed)
	}
}

// wait returns nil when ctx ends, or the failure of a service.
func (l *lifecycle) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-l.failed:
		return l.failure
	}
}

// stop ends everything and returns what went wrong while stopping.
func (l *lifecycle) stop() error {
	var errs []error
	for i := len(l.parts) - 1; i >= 0; i-- {
		p := l.parts[i]
		l.log.Debug("stopping", "service", p.name)
		if err := p.stop(); err != nil && !l.isFailure(err) {
			errs = append(errs, fmt.Errorf("stop %s: %w", p.name, err))
		}
	}
	l.parts = nil
	return errors.Join(errs...)
}

// isFailure says whether err is the failure that wait reports already.
func (l *lifecycle) isFailure(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failure != nil && errors.Is(l.failure, err)
}

package api

import (
	"context"
	"net"
)

// drainingKey is where the context of a request has the one that ends when the
// server begins to drain.
type drainingKey struct{}

// announceDraining lets requests know when the server begins to drain, which is
// when ctx ends.
func announceDraining(ctx context.Context) func(net.Listener) context.Context {
	base := context.WithValue(context.WithoutCancel(ctx), drainingKey{}, ctx)
	return func(net.Listener) context.Context { return base }
}

// WhenDraining calls f when the server of the request begins to drain, unless
// the returned stop is called before.
func WhenDraining(request context.Context, f func()) (stop func() bool) {
	draining, ok := request.Value(drainingKey{}).(context.Context)
	if !ok {
		return func() bool { return true }
	}
	return context.AfterFunc(draining, f)
}

package api

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/network"
)

const (
	// What the bodies in work may have together, and those of one user or, for who is
	// not logged in, of one address.
	usersBytes     = 64 << 20
	userBytes      = 2 * MaxBody
	strangersBytes = 16 << 20
	strangerBytes  = 16 * MaxStrangersBody
	// bodyPatience is how long a request waits for its bytes.
	bodyPatience = 5 * time.Second
)

// errBodiesInWork is the answer to a request whose bytes did not come free in time.
const errBodiesInWork = Unavailable("too many large requests are in work, try again")

// bodiesInWork are the bodies of all requests that were not answered yet. Strangers
// have bytes of their own, so that they keep no user waiting.
type bodiesInWork struct{ users, strangers *byteBudget }

func newBodiesInWork() bodiesInWork {
	return bodiesInWork{newByteBudget(usersBytes, userBytes), newByteBudget(strangersBytes, strangerBytes)}
}

// admitBody lets a request in whose body has room among those in work. It comes after
// the caller is known, where the route needs that, and before the body is read.
func (k *Kernel) admitBody(r Route, next echo.HandlerFunc) echo.HandlerFunc {
	limit := r.bodyLimit()
	if r.Method == http.MethodGet || limit.Streamed {
		return next // nobody reads the body, or holds it
	}
	return func(c echo.Context) error {
		size := c.Request().ContentLength
		if size < 0 {
			size = limit.Bytes
		}
		budget, holder := k.bodies.strangers, network.Of(k.ClientAddress(c.Request()))
		if caller, ok := c.Get(callerKey).(*identity.User); ok {
			budget, holder = k.bodies.users, strconv.FormatInt(int64(caller.ID), 10)
		}
		giveBack, err := budget.take(c.Request().Context(), holder, size, bodyPatience)
		if err != nil {
			return err
		}
		defer giveBack()
		return next(c)
	}
}

// byteBudget is a number of bytes that requests take from and give back to.
//
// Invariants:
//  1. All together hold total at most, one holder share at most.
//  2. Who waits keeps nobody waiting who needs fewer bytes, or is another.
//  3. What was taken is given back once.
type byteBudget struct {
	total, share int64

	mu      sync.Mutex
	held    int64
	holders map[string]int64
	// freed is closed, and made anew, when bytes come back.
	freed chan struct{}
}

func newByteBudget(total, share int64) *byteBudget {
	return &byteBudget{total: total, share: share, holders: map[string]int64{}, freed: make(chan struct{})}
}

// take waits until the holder may have n bytes; of more than a share, the share counts.
func (b *byteBudget) take(ctx context.Context, holder string, n int64, patience time.Duration) (giveBack func(), err error) {
	n = min(n, b.share)
	wait := time.NewTimer(patience)
	defer wait.Stop()
	for {
		taken, freed := b.try(holder, n)
		if taken {
			return sync.OnceFunc(func() { b.give(holder, n) }), nil
		}
		select {
		case <-freed:
		case <-wait.C:
			return nil, errBodiesInWork
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *byteBudget) try(holder string, n int64) (taken bool, freed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held+n > b.total || b.holders[holder]+n > b.share {
		return false, b.freed
	}
	if n > 0 {
		b.held += n
		b.holders[holder] += n
	}
	return true, nil
}

func (b *byteBudget) give(holder string, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	if b.holders[holder] -= n; b.holders[holder] <= 0 {
		delete(b.holders, holder)
	}
	close(b.freed)
	b.freed = make(chan struct{})
}

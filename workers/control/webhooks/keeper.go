package webhooks

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/webhook"
)

const (
	// keepAtOnce is how many deliveries are noted by one statement.
	keepAtOnce = 500
	// keepLeast and keepMost bound the pause before a note is tried again.
	keepLeast, keepMost = 20 * time.Millisecond, time.Second
)

// keeper notes how far deliveries are: for all that come at the same time by one statement.
type keeper struct {
	*Worker
	notes chan *note
}

type note struct {
	webhook.Delivery
	saved chan bool
}

func newKeeper(w *Worker) *keeper { return &keeper{Worker: w, notes: make(chan *note)} }

// save notes how far a delivery is, and says false if it was begun anew. While the database is away
// it waits for it, or for ctx.
func (k *keeper) save(ctx context.Context, d webhook.Delivery) (saved bool, err error) {
	n := &note{d, make(chan bool, 1)}
	select {
	case k.notes <- n:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case saved = <-n.saved:
		return saved, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// run notes until ctx ends.
func (k *keeper) run(ctx context.Context) {
	for {
		select {
		case first := <-k.notes:
			k.write(ctx, k.more(first))
		case <-ctx.Done():
			return
		}
	}
}

// more takes what has come meanwhile. A webhook has one run, and so one note.
func (k *keeper) more(first *note) []*note {
	list := []*note{first}
	for len(list) < keepAtOnce {
		select {
		case n := <-k.notes:
			list = append(list, n)
		default:
			return list
		}
	}
	return list
}

func (k *keeper) write(ctx context.Context, list []*note) {
	deliveries := make([]webhook.Delivery, len(list))
	for i, n := range list {
		deliveries[i] = n.Delivery
	}
	pause := backoff.Growing{Least: keepLeast, Most: keepMost}
	for {
		saved, err := k.deliveries.Save(ctx, deliveries)
		if err == nil {
			for _, n := range list {
				n.saved <- saved[n.Webhook]
			}
			return
		}
		k.cfg.Log.Debug("how far webhooks are is not noted yet", "error", err)
		if !pause.Wait(ctx, nil) {
			return
		}
	}
}

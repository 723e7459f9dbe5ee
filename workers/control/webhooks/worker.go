package webhooks

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/webhook"
)

const (
	// lookEvery is how soon webhooks are noticed that another process made, while nothing is
	// delivered here, and that nobody delivers any more.
	lookEvery = 2 * time.Second
	// page is how many events on webhooks are read at once.
	page = 500
)

// Config is what a Worker needs; Now, Log and Registerer may be nil.
type Config struct {
	Store  *eventstore.Store
	Pool   *pgxpool.Pool
	Vault  *vault.Vault
	Feed   *feed.Feed
	People *identity.Service
	Sender *webhook.Sender
	// Now is the clock by which deliveries are tried again and given up.
	Now        func() time.Time
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Worker delivers, in turn with those of other processes.
//
// Invariants:
//  1. It knows the webhooks from the log alone, and follows them from where it has come to: a read
//     model that is built anew takes no webhook away.
//  2. While there are none it asks for those, and does nothing else.
type Worker struct {
	cfg        Config
	deliveries *webhook.Deliveries
	metrics    *metrics
	// notice has a value when webhooks have changed, or somebody wants all to be looked at.
	notice chan struct{}

	// mu is held by who changes what follows; it is read by metrics, too.
	mu sync.Mutex
	// known are the webhooks that are not deleted, by what the log said up to read.
	known map[access.WebhookID]access.WebhookState
	read  domain.Position
	// turn is this process's turn to deliver, nil while it is another's.
	turn *turn
}

// New returns a Worker for one Run.
func New(cfg Config) *Worker {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	w := &Worker{
		cfg: cfg, deliveries: webhook.NewDeliveries(cfg.Pool), notice: make(chan struct{}, 1),
		known: map[access.WebhookID]access.WebhookState{},
	}
	w.metrics = newMetrics(w)
	if cfg.Registerer != nil {
		cfg.Registerer.MustRegister(w.metrics, w.metrics.attempts)
	}
	cfg.Store.OnCommit(func(batch []protocol.Envelope) {
		for i := range batch {
			if slices.Contains(batch[i].Tags, access.TagWebhooks) {
				w.wake()
				return
			}
		}
	})
	return w
}

func (w *Worker) wake() {
	select {
	case w.notice <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends. Whatever fails is tried again.
func (w *Worker) Run(ctx context.Context) error {
	defer w.cfg.Sender.Close()
	pause := backoff.Growing{Least: lookEvery, Most: lookEvery}
	for ctx.Err() == nil {
		err := w.catchUp(ctx)
		if err == nil && w.some() {
			err = w.takeTurn(ctx)
		}
		impatient := w.notice
		if err != nil && ctx.Err() == nil {
			w.cfg.Log.WarnContext(ctx, "webhooks are not delivered, trying again", "error", err)
			impatient = nil
		}
		pause.Wait(ctx, impatient)
	}
	return nil
}

// some says whether there are webhooks.
func (w *Worker) some() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.known) > 0
}

// catchUp learns what the log says of webhooks since it was last asked.
func (w *Worker) catchUp(ctx context.Context) error {
	for {
		events, err := w.cfg.Store.ReadTag(ctx, access.TagWebhooks, w.read, page)
		if err != nil || len(events) == 0 {
			return err
		}
		for i := range events {
			r, err := events[i].Decode(w.cfg.Store.Codec())
			if err != nil {
				return err
			}
			w.learn(r)
		}
	}
}

func (w *Worker) learn(r domain.Recorded) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = r.Position
	access.FoldWebhook(w.known, r)
}

// Look has everything be looked at now: whether a delivery is due, and what can wait otherwise.
func (w *Worker) Look() { w.wake() }

package erasure

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// page is the number of events that are acted upon at once.
	page = 500
	// every is how soon the events of other processes are noticed.
	every = 10 * time.Second
)

// Config is what an Eraser needs.
type Config struct {
	Store *eventstore.Store
	Vault *vault.Vault
	// Log may be nil.
	Log *slog.Logger
}

// Eraser follows the log. Erasing twice does no harm, so that any number of processes may
// run an Eraser, and its position need not be stored.
type Eraser struct {
	cfg    Config
	notice chan struct{}
	// done is the position up to which everything has been erased.
	done domain.Position
}

// New returns an Eraser for one Run.
func New(cfg Config) *Eraser {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	e := &Eraser{cfg: cfg, notice: make(chan struct{}, 1)}
	cfg.Store.OnCommit(func(batch []protocol.Envelope) {
		for i := range batch {
			if slices.Contains(batch[i].Tags, access.TagErasable) {
				e.wake()
				return
			}
		}
	})
	return e
}

func (e *Eraser) wake() {
	select {
	case e.notice <- struct{}{}:
	default: // it is awake
	}
}

// Run erases until ctx ends. While the database is away, it tries again.
func (e *Eraser) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := e.Sweep(ctx); err != nil && ctx.Err() == nil {
			e.cfg.Log.WarnContext(ctx, "secrets are not erased yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.notice:
		case <-tick.C:
		}
	}
}

// Sweep erases the secrets that the log names and this Eraser has not erased yet. It must
// not be called while Run runs.
func (e *Eraser) Sweep(ctx context.Context) error {
	for {
		events, err := e.cfg.Store.ReadTag(ctx, access.TagErasable, e.done, page)
		if err != nil || len(events) == 0 {
			return err
		}
		ids, err := named(e.cfg.Store.Codec(), events)
		if err != nil {
			return err
		}
		if err := e.cfg.Vault.Erase(ctx, ids...); err != nil {
			return err
		}
		e.done = events[len(events)-1].Position
		if len(events) < page {
			return nil
		}
	}
}

// SweepIn erases within a transaction the secrets that the log there names, and returns how many
// there were: so that none comes back with a vault that is older than the log.
func SweepIn(ctx context.Context, tx pgx.Tx, codec *domain.Codec) (erased int64, err error) {
	for done := domain.Position(0); ; {
		events, err := eventstore.ReadTagged(ctx, tx, access.TagErasable, done, page)
		if err != nil || len(events) == 0 {
			return erased, err
		}
		ids, err := named(codec, events)
		if err != nil {
			return erased, err
		}
		n, err := vault.EraseIn(ctx, tx, ids)
		if err != nil {
			return erased, err
		}
		erased, done = erased+n, events[len(events)-1].Position
	}
}

// named returns the vault's ids that the events name.
func named(codec *domain.Codec, events []protocol.Envelope) ([]uuid.UUID, error) {
	ids := []uuid.UUID{}
	for i := range events {
		r, err := events[i].Decode(codec)
		if err != nil {
			return nil, err
		}
		for _, text := range access.Erasable(r.Event) {
			if text == "" {
				continue
			}
			id, err := uuid.Parse(text)
			if err != nil {
				return nil, fmt.Errorf("event %d: %w", r.Position, err)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// windowEvents and windowBytes bound the newest events that are held for all readers.
	windowEvents = 4096
	windowBytes  = 16 << 20
	// page is how many events are read from the log at once at most; pageBytes bounds the data
	// of a page that is asked for, and of what is read for the window.
	page, pageBytes = 2000, 4 << 20
	// pastPlaces is how many readers of what is not in the window are at the database at once:
	// it has the loads of decisions to serve, too.
	pastPlaces = 3
	// retryMin and retryMax bound the wait after a failure.
	retryMin = 20 * time.Millisecond
	retryMax = time.Second
)

// rightsFollow are the contexts whose read models say who may see an event.
var rightsFollow = []domain.Context{domain.ContextAccess, domain.ContextDNS}

// Config is what a Feed stands on; all fields must be set but Log.
type Config struct {
	Store *eventstore.Store
	// Pool leads to the read models, and Progress says how far they are.
	Pool     *pgxpool.Pool
	Progress *projections.Progress
	Log      *slog.Logger
}

// Feed shows the log. While somebody follows it, it holds the newest events, which are read
// once for all readers of the process.
//
// Invariants:
//  1. The window is a part of the log without a gap: it is read by position from where it
//     ends, whatever told that there is more. So a reader needs to keep nothing but the
//     position that it has come to: what follows it is in the window, or in the log.
//  2. The window never ends inside a change, nor beyond what the read models have from which
//     rights follow.
//  3. What is held for all does not grow with the number of readers, nor with how slow they
//     are: of the window a reader keeps no more than a portion. Of what is before the window
//     a reader holds about as much of its own.
//  4. At most 3 at once read what is before the window, and what rights on it follow from,
//     those who ask for pages among them; they are in no way of who follows the window.
type Feed struct {
	store    *eventstore.Store
	codec    *domain.Codec
	pool     *pgxpool.Pool
	progress *projections.Progress
	log      *slog.Logger
	names    *names
	// looking has a value while somebody reads what rights on events of the window follow from.
	looking chan struct{}
	// past has a value for each who reads what is not in the window.
	past chan struct{}

	mu      sync.Mutex
	readers map[*Reader]struct{}
	// tails is how many look at what comes without reading it.
	tails int
	// arrived has a value once there is a reader, for Run.
	arrived chan struct{}
	// window are the events of from < position ≤ to, and size the bytes of their data.
	window   []*event
	size     int
	from, to domain.Position
	// leapt is where the window has begun last without what was between it and its end before:
	// no reader could have kept up.
	leapt domain.Position
	// news is closed when the window has grown.
	news chan struct{}
}

// New returns a Feed. Readers that follow the log get nothing new while Run does not run.
func New(cfg Config) *Feed {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Feed{
		store: cfg.Store, codec: cfg.Store.Codec(), pool: cfg.Pool, progress: cfg.Progress, log: cfg.Log.With("component", "feed"),
		names: newNames(cfg.Store), looking: make(chan struct{}, 1), past: make(chan struct{}, pastPlaces),
		readers: map[*Reader]struct{}{}, arrived: make(chan struct{}, 1), news: make(chan struct{}),
	}
}

// Run keeps the window at the log's end, and ends the readers who may read no longer, until
// ctx ends. Whatever fails is tried again.
func (f *Feed) Run(ctx context.Context) error {
	var watching sync.WaitGroup
	watching.Go(func() { f.watch(ctx) })
	defer watching.Wait()
	pause := backoff.Growing{Least: retryMin, Most: retryMax}
	for f.wanted(ctx) {
		err := f.advance(ctx)
		if err == nil {
			pause.Reset()
			continue
		}
		if ctx.Err() == nil {
			f.log.Debug("the newest events are not read yet", "error", err)
			pause.Wait(ctx, nil)
		}
	}
	return nil
}

// wanted waits for a reader, and returns false when ctx has ended. While there was none the
// window stood still, and begins anew where the read models are.
func (f *Feed) wanted(ctx context.Context) bool {
	for {
		f.mu.Lock()
		some := len(f.readers)+f.tails > 0
		f.mu.Unlock()
		if some && ctx.Err() == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-f.arrived:
		}
		f.mu.Lock()
		f.beginAt(f.applied())
		f.mu.Unlock()
	}
}

// applied is the end of the last change of which the read models have all that rights follow
// from.
func (f *Feed) applied() domain.Position {
	least := f.progress.Applied(rightsFollow[0])
	for _, c := range rightsFollow[1:] {
		least = min(least, f.progress.Applied(c))
	}
	return least
}

// arrive tells Run that somebody follows the log. The caller holds mu.
func (f *Feed) arrive() {
	select {
	case f.arrived <- struct{}{}:
	default:
	}
}

// advance waits for more of the log, and takes it into the window.
func (f *Feed) advance(ctx context.Context) error {
	f.mu.Lock()
	to := f.to
	f.mu.Unlock()
	for _, c := range rightsFollow {
		if err := f.progress.Wait(ctx, c, to+1); err != nil {
			return err
		}
	}
	end := f.applied()
	if end-to > windowEvents {
		f.leap(end)
		return nil
	}
	var more []*event
	for at, size := to, 0; at < end; {
		list, reached, err := f.store.Select(ctx, eventstore.Selection{After: at, UpTo: end, Limit: windowEvents, Bytes: pageBytes})
		if err != nil {
			return err
		}
		if len(list) == 0 || list[len(list)-1].Position != reached {
			return fmt.Errorf("%w: they are at %d", errBeyond, end)
		}
		if size += protocol.DataSize(list); size > windowBytes {
			f.leap(end)
			return nil
		}
		more, at = append(more, wrap(list)...), reached
	}
	if end > to {
		f.grow(more, end)
	}
	return nil
}

// errBeyond: the read models have been told to have what the log has not.
var errBeyond = errors.New("the read models are beyond the end of the log")

// leap begins the window anew, at a position. Readers find what is before it in the log.
func (f *Feed) leap(to domain.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leapt = to
	f.beginAt(to)
}

// beginAt empties the window. The caller holds mu.
func (f *Feed) beginAt(position domain.Position) {
	f.window, f.size, f.from, f.to = nil, 0, position, position
	f.tell()
}

// wrap returns events of the log for their readers.
func wrap(list []protocol.Envelope) []*event {
	events := make([]*event, len(list))
	for i := range list {
		events[i] = &event{Envelope: list[i]}
	}
	return events
}

// grow adds events to the window, and drops what is too much of it.
func (f *Feed) grow(events []*event, to domain.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.window, f.to = append(f.window, events...), to
	for _, e := range events {
		f.size += len(e.Data)
	}
	drop := 0
	for ; len(f.window)-drop > windowEvents || f.size > windowBytes && drop < len(f.window); drop++ {
		f.size -= len(f.window[drop].Data)
		f.from = f.window[drop].Position
	}
	if drop > 0 {
		f.window = append([]*event(nil), f.window[drop:]...) // an array of its own, or the old one would never be freed
	}
	f.tell()
}

// tell wakes who waits for news. The caller holds mu.
func (f *Feed) tell() {
	close(f.news)
	f.news = make(chan struct{})
}

// end is that of the window, and where it has leapt to last.
func (f *Feed) end() (to, leapt domain.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.to, f.leapt
}

// fromLog calls a function that reads what is not in the window, once there is a place for it.
func (f *Feed) fromLog(ctx context.Context, read func() error) error {
	select {
	case f.past <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-f.past }()
	return read()
}

// behind returns the events of the window behind a position, and the window's end. held is
// false if it does not have all of them. news is closed when there are more.
func (f *Feed) behind(at domain.Position) (events []*event, held bool, to domain.Position, news <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case at >= f.to:
		return nil, true, f.to, f.news
	case at < f.from:
		return nil, false, f.to, f.news
	default:
		rest := f.window[at-f.from:]
		return rest[:len(rest):len(rest)], true, f.to, f.news
	}
}

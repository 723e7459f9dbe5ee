package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// DefaultPartitionSize is the number of positions in a partition of the log.
const DefaultPartitionSize = 4_194_304

// Config is what a Store needs.
type Config struct {
	// Pool names the database, which package migrations has prepared. The store
	// opens connections of its own beside it, see connect.go.
	Pool  *pgxpool.Pool
	Codec *domain.Codec
	// Bound returns a command that decides as the given one does, within the bounds of a
	// credential. Without it no request with a credential is carried out. It stands here
	// so that no door to the log can forget it.
	Bound func(domain.Command, domain.CredentialID) domain.Command
	// Complete returns what a command has decided with the events that follow from that by a rule
	// which holds for all doors, or refuses it. It stands here for the same reason, and may be nil.
	Complete func(domain.History, domain.Env, []domain.Event) ([]domain.Event, error)
	// Log may be nil.
	Log *slog.Logger
	// Registerer may be nil.
	Registerer prometheus.Registerer
	// PartitionSize is DefaultPartitionSize when 0. Existing partitions keep theirs.
	PartitionSize int64
}

// Store reads and appends to the log. All methods may be called concurrently.
type Store struct {
	codec *domain.Codec
	bound func(domain.Command, domain.CredentialID) domain.Command
	// complete is nil where nothing follows from what is decided.
	complete func(domain.History, domain.Env, []domain.Event) ([]domain.Event, error)
	log      *slog.Logger
	metrics  *metrics
	id       uuid.UUID
	// reads has its own connections, whose plans are pinned.
	reads   *pgxpool.Pool
	loader  *loader
	box     *mailbox
	writer  *writer
	pulse   *pulse
	cache   *foldCache
	ids     *idPool
	types   typeSets
	closing sync.Once

	mu        sync.Mutex
	listeners []func([]protocol.Envelope)
}

// Head is the end of the log.
type Head struct {
	// Position is that of the last event, 0 in an empty log.
	Position domain.Position
	// RecordedAt is when the last event was appended.
	RecordedAt time.Time
	// Last is the last position of each context, 0 without one.
	Last map[domain.Context]domain.Position
}

// Open opens the log, and creates its identity when the database is new. The
// caller must Close the store, after Run has returned.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.PartitionSize == 0 {
		cfg.PartitionSize = DefaultPartitionSize
	}
	reads, err := pgxpool.NewWithConfig(ctx, readConfig(cfg.Pool.Config()))
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	s := &Store{
		codec: cfg.Codec, bound: cfg.Bound, complete: cfg.Complete, log: cfg.Log, metrics: newMetrics(cfg.Registerer),
		reads: reads, box: newMailbox(), cache: newFoldCache(), ids: newIDPool(),
	}
	s.loader = &loader{read: s.load}
	if s.id, err = identify(ctx, reads); err != nil {
		reads.Close()
		return nil, fmt.Errorf("open the log: %w", translate(err))
	}
	s.writer = &writer{
		log: cfg.Log, metrics: s.metrics, id: s.id, size: cfg.PartitionSize,
		config: writeConfig(cfg.Pool.Config().ConnConfig), box: s.box, committed: s.announce,
	}
	s.pulse = newPulse(writeConfig(cfg.Pool.Config().ConnConfig))
	return s, nil
}

// identify reads the log's UUID; the first process ever creates it.
func identify(ctx context.Context, pool *pgxpool.Pool) (id uuid.UUID, err error) {
	if _, err := pool.Exec(ctx, `INSERT INTO log.head (log, position, recorded_at, last_access, last_dns, last_ops)
		VALUES ($1, 0, 'epoch', 0, 0, 0) ON CONFLICT DO NOTHING`, uuid.New()); err != nil {
		return id, err
	}
	err = pool.QueryRow(ctx, "SELECT log FROM log.head").Scan(&id)
	return id, err
}

// Close ends the store's connections. Reads in progress are waited for.
func (s *Store) Close() {
	s.closing.Do(func() {
		s.box.close()
		s.reads.Close()
	})
}

// LogID is the log's identity. What was derived from a log with another id is worthless.
func (s *Store) LogID() uuid.UUID { return s.id }

// Codec decodes the log's events.
func (s *Store) Codec() *domain.Codec { return s.codec }

// OnCommit registers a function that gets each batch that this process commits, in
// order, from the writer's goroutine. The function must neither block nor change
// the batch. What other processes append is not announced, and a batch whose
// outcome stayed unknown may be missing, so listeners compare positions.
func (s *Store) OnCommit(f func([]protocol.Envelope)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, f)
}

func (s *Store) announce(batch []protocol.Envelope) {
	s.mu.Lock()
	listeners := s.listeners
	s.mu.Unlock()
	for _, f := range listeners {
		f(batch)
	}
}

// Head returns the end of the log as of now.
func (s *Store) Head(ctx context.Context) (Head, error) {
	var h storedHead
	err := s.read(ctx, func(ctx context.Context) (err error) {
		h, err = scanHead(s.reads.QueryRow(ctx, selectHead))
		return err
	})
	if err != nil {
		return Head{}, fmt.Errorf("read the head: %w", err)
	}
	if h.log != s.id {
		return Head{}, ErrOtherLog
	}
	return h.Head, nil
}

const (
	selectHead = "SELECT log, position, recorded_at, last_access, last_dns, last_ops FROM log.head"
	lockHead   = selectHead + " FOR UPDATE"
)

// storedHead is the head's row.
type storedHead struct {
	Head
	log uuid.UUID
}

func scanHead(row pgx.Row) (storedHead, error) {
	var h storedHead
	var access, dns, ops domain.Position
	if err := row.Scan(&h.log, &h.Position, &h.RecordedAt, &access, &dns, &ops); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return h, ErrOtherLog // Open had seen or created the row
		}
		return h, err
	}
	h.RecordedAt = h.RecordedAt.UTC()
	h.Last = map[domain.Context]domain.Position{domain.ContextAccess: access, domain.ContextDNS: dns, domain.ContextOps: ops}
	return h, nil
}

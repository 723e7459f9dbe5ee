package output

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

// Limits of what is kept; zero fields of a [Config] mean these.
const (
	DefaultMaxBytes = 4 << 30
	DefaultMaxAge   = 7 * 24 * time.Hour
	// DefaultMaxPerAttempt is in messages, of up to 500 lines each.
	DefaultMaxPerAttempt = 4096
	// hostShare is how many hosts with the greatest output there is room for.
	hostShare = 64
)

// LateWithin is how long after an attempt's end lines that its host has counted may come: the
// host waits seconds for a receipt before it sends lines again.
const LateWithin = 30 * time.Second

const (
	// ensureEvery is how often the stream is looked after.
	ensureEvery = 30 * time.Second
	// ensureWithin bounds one look.
	ensureWithin = 10 * time.Second
	// leastBytes is what the stream must have room for, and leastPerHost what a host's share
	// is at least, where it is a part of the stream.
	leastBytes, leastPerHost = 16 << 20, 1 << 20
	// maxMessage bounds a message, in bytes; NATS' own limit is about the same.
	maxMessage = 1 << 20
)

// Config holds what a store needs; NC and JS are required, and Store where Run is called.
type Config struct {
	NC *nats.Conn
	JS jetstream.JetStream
	// Store says which attempts are whose.
	Store *eventstore.Store
	// Replicas is the number of copies in a cluster. 0 leaves that of a stream which is
	// there as it is, and means 1 for a new one.
	Replicas int
	// MaxBytes bounds all output; where the disk has less room, the stream is as large as it
	// can be. MaxPerHost bounds that of one host, MaxAge and MaxPerAttempt the
	// output of one attempt; of each the oldest is dropped first. MaxPerHost is a part of
	// MaxBytes, see hostShare, when zero.
	MaxBytes      int64
	MaxPerHost    int64
	MaxAge        time.Duration
	MaxPerAttempt int64
	Log           *slog.Logger
}

// Store is the output of all attempts.
//
// Invariant: while there is room for leastBytes there is a stream, and it is at least half
// as large as it could be.
type Store struct {
	cfg    Config
	intake *intake
	// size is what the stream holds at most.
	size atomic.Int64

	mu     sync.Mutex
	stream jetstream.Stream
}

// New returns a store whose stream exists once Run has made it.
func New(cfg Config) *Store {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.MaxAge == 0 {
		cfg.MaxAge = DefaultMaxAge
	}
	if cfg.MaxPerAttempt == 0 {
		cfg.MaxPerAttempt = DefaultMaxPerAttempt
	}
	s := &Store{cfg: cfg}
	s.size.Store(cfg.MaxBytes)
	s.intake = newIntake(s)
	return s
}

// Run makes the stream, and makes it again if it is lost, and takes hosts' lines, until ctx
// ends; then it returns nil. While there is no stream, hosts hold their lines back.
func (s *Store) Run(ctx context.Context) error {
	stop, err := s.intake.begin(ctx)
	if err != nil {
		return fmt.Errorf("output: listen to hosts: %w", err)
	}
	defer stop()
	tick := time.NewTicker(ensureEvery)
	defer tick.Stop()
	for {
		if err := s.ensure(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("output: the stream is not as it should be, will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// ensure makes the stream, or makes it as it should be. JetStream refuses a stream that may
// become larger than the disk has room for: then a smaller one is made.
func (s *Store) ensure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ensureWithin)
	defer cancel()
	replicas, err := s.replicas(ctx)
	if err != nil {
		return err
	}
	for size := s.cfg.MaxBytes; ; size /= 2 {
		err := s.ensureSize(ctx, size, replicas)
		if err == nil {
			s.noteSize(size)
			return nil
		}
		if !noRoom(err) || size/2 < leastBytes {
			return err
		}
	}
}

// noteSize says when the room has changed.
func (s *Store) noteSize(size int64) {
	switch before := s.size.Swap(size); {
	case before == size:
	case size < s.cfg.MaxBytes:
		s.cfg.Log.Warn("output: the disk has little room, so that less output of tasks is kept, for a shorter time",
			"bytes", size, "wanted_bytes", s.cfg.MaxBytes)
	default:
		s.cfg.Log.Info("output: there is room again for all output of tasks that is to be kept", "bytes", size)
	}
}

// perHost is what one host may have in the stream.
func (s *Store) perHost() int64 {
	if s.cfg.MaxPerHost > 0 {
		return s.cfg.MaxPerHost
	}
	return max(s.size.Load()/hostShare, leastPerHost)
}

// noRoom says that JetStream refuses a stream for its size.
func noRoom(err error) bool {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case 10002, 10023, 10047: // of the account, of the cluster, of the server's disk
		return true
	case 10005: // no node of the cluster is suitable, for this reason or for another
		return strings.Contains(api.Description, "storage")
	}
	return false
}

func (s *Store) ensureSize(ctx context.Context, size int64, replicas int) error {
	stream, err := s.cfg.JS.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: protocol.StreamOutput, Subjects: []string{protocol.SubjectOutputs},
		Description: "What attempts print; no part of the opsledger log",
		Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxBytes: size, MaxAge: s.cfg.MaxAge, MaxMsgsPerSubject: s.cfg.MaxPerAttempt, MaxMsgSize: maxMessage,
		Replicas: replicas, AllowDirect: true,
		// Readers recognise repetitions by their line numbers. Message ids would be shared by
		// the whole stream, so that a host could suppress another's lines with them.
		Duplicates: 100 * time.Millisecond,
	})
	if err == nil {
		s.mu.Lock()
		s.stream = stream
		s.mu.Unlock()
	}
	return err
}

// replicas is how many copies the stream is to have.
func (s *Store) replicas(ctx context.Context) (int, error) {
	if s.cfg.Replicas > 0 {
		return s.cfg.Replicas, nil
	}
	there, err := s.cfg.JS.Stream(ctx, protocol.StreamOutput)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	return max(there.CachedInfo().Config.Replicas, 1), nil
}

// open returns the stream, whether or not it was this process that made it.
func (s *Store) open(ctx context.Context) (jetstream.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream == nil {
		stream, err := s.cfg.JS.Stream(ctx, protocol.StreamOutput)
		if err != nil {
			return nil, err
		}
		s.stream = stream
	}
	return s.stream, nil
}

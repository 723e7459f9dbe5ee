package translog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/mod/sumdb/note"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
)

// DefaultOrigin is what checkpoints name a log by where nothing else is configured.
func DefaultOrigin(log uuid.UUID) string { return "opsledger/" + log.String() }

// CopyBeside is the file beside the vault's key file in which the newest checkpoint of the
// origin is kept.
func CopyBeside(keyFile, origin string) string {
	return filepath.Join(filepath.Dir(keyFile), filepath.Base(keyFile)+".checkpoint."+shortHash(origin))
}

// shortHash stands for an origin where not every character may stand.
func shortHash(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:8])
}

const (
	// publishEvery is how often a checkpoint is made at most.
	publishEvery = time.Second
	// retryMin and retryMax bound the wait after a failure.
	retryMin, retryMax = 100 * time.Millisecond, 5 * time.Second
)

// Config is what a Publisher works with. All fields up to Log must be set.
type Config struct {
	// Pool leads to the database. A Publisher takes one connection out of it for good.
	Pool  *pgxpool.Pool
	Store *eventstore.Store
	Vault *vault.Vault
	JS    jetstream.JetStream
	// Origin names the log in its checkpoints, see [CheckOrigin] and [DefaultOrigin].
	Origin string
	// KeyFile is the vault's key file, see [CopyBeside].
	KeyFile string
	Log     *slog.Logger

	// Witnesses are asked for cosignatures of the checkpoints.
	Witnesses []Witness
	// Replicas is how many copies of the newest checkpoint a cluster of NATS keeps.
	Replicas int
	// Every is how often a checkpoint is made at most; 0 is once a second.
	Every time.Duration
	// Registerer takes the metrics; nil keeps them private.
	Registerer prometheus.Registerer
}

// Publisher puts the events into the tree and signs checkpoints. Every process runs one; at a
// time one of them leads, and the others stand by.
//
// Invariants:
//  1. A checkpoint is signed only if a proof shows that it continues the one before, and at
//     first only if the tree contains every copy of a checkpoint outside of PostgreSQL. What
//     an origin has signed stays, whatever is signed under others in the meantime.
//  2. A checkpoint is published only after a copy lies outside of PostgreSQL. Who dies in
//     between has signed what the next one signs as well, since the tree follows from the log.
//  3. Tiles and the checkpoint over them become visible in one transaction, on the session
//     that holds the lock: two that lead at a time are impossible.
//  4. A checkpoint ends where a change ends.
type Publisher struct {
	Config
	copies  copies
	trouble atomic.Pointer[contradiction]
	// otherOrigin is the one that another process was last seen to sign under, empty for none.
	otherOrigin string
	// told is the last reason that was told why nothing is signed, empty since it works.
	told   string
	signed prometheus.Gauge
}

// NewPublisher returns a Publisher for one Run.
func NewPublisher(cfg Config) *Publisher {
	if cfg.Every == 0 {
		cfg.Every = publishEvery
	}
	cfg.Log = cfg.Log.With("component", "checkpoints")
	p := &Publisher{
		Config: cfg,
		copies: copies{
			origin: cfg.Origin, file: CopyBeside(cfg.KeyFile, cfg.Origin), subject: protocol.SubjectCheckpoint + "." + shortHash(cfg.Origin),
			js: cfg.JS, log: cfg.Store.LogID(), replicas: cfg.Replicas,
		},
		signed: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "opsledger_checkpoint_position", Help: "Position of the last event under the newest checkpoint that this process signed.",
		}),
	}
	if cfg.Registerer != nil {
		cfg.Registerer.MustRegister(p.signed)
	}
	return p
}

// contradiction says that the database does not hold the log of which a checkpoint was signed.
type contradiction struct{ text string }

func (e *contradiction) Error() string { return e.text }

func contradicts(k kept, why string) error {
	return &contradiction{fmt.Sprintf("the log does not contain the checkpoint of position %d that is kept %s: %s. "+
		"Bring back the database that has it, or what it lost by \"opsledger recover\"; or give that history up, and begin another --log-origin",
		k.Size, k.where, why)}
}

// Trouble returns the reason for which nothing is signed although the database answers: that
// it holds another log than checkpoints were signed of. It is nil while there is none.
func (p *Publisher) Trouble() error {
	if trouble := p.trouble.Load(); trouble != nil {
		return trouble
	}
	return nil
}

// Run publishes until ctx ends and then returns nil. Whatever fails is tried again.
func (p *Publisher) Run(ctx context.Context) error {
	failures := backoff.Growing{Least: retryMin, Most: retryMax}
	for {
		began := time.Now()
		err := p.turn(ctx)
		if ctx.Err() != nil {
			return nil
		}
		p.tell(err)
		if time.Since(began) > 4*retryMax {
			failures.Reset()
		}
		if !failures.Wait(ctx, nil) {
			return nil
		}
	}
}

// tell says once why nothing is signed: what is away stays away for a while.
func (p *Publisher) tell(err error) {
	told := p.told == err.Error()
	p.told = err.Error()
	var trouble *contradiction
	switch {
	case errors.As(err, &trouble):
		if p.trouble.Swap(trouble) == nil {
			p.Log.Error("no checkpoint is signed", "error", err)
		}
	case !told:
		p.Log.Warn("checkpoints are interrupted, trying again until it works", "error", err)
	}
}

// good forgets what was told: a checkpoint was signed or could have been.
func (p *Publisher) good() {
	p.trouble.Store(nil)
	p.told = ""
}

// turn stands by until it is this process's turn, and then leads until something fails.
func (p *Publisher) turn(ctx context.Context) error {
	conn, err := p.openSession(ctx)
	if err != nil {
		return err
	}
	defer closeSession(conn)
	for {
		var locked bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock("+lockKey+")").Scan(&locked); err != nil {
			return err
		}
		if locked {
			return p.lead(ctx, conn)
		}
		if err := p.standBy(ctx, conn); err != nil {
			return err
		}
		if !backoff.Sleep(ctx, backoff.Jitter(p.Every)) {
			return ctx.Err()
		}
	}
}

// openSession takes a connection out of the pool. All that is written on it can be computed
// again, so that commits need not wait for the disk; and the lock of a process that has
// frozen ends with the idle session.
func (p *Publisher) openSession(ctx context.Context) (*pgx.Conn, error) {
	pooled, err := p.Pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	conn := pooled.Hijack()
	_, err = conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'off', false),
		set_config('application_name', 'opsledger checkpoints', false),
		set_config('idle_in_transaction_session_timeout', '15s', false), set_config('idle_session_timeout', '30s', false)`)
	if err != nil {
		closeSession(conn)
		return nil, err
	}
	return conn, nil
}

func closeSession(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// The server ends a session some time after Close has returned; whoever wants the lock
	// next should find it free.
	_, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock_all()")
	_ = conn.Close(ctx)
}

// standBy looks whether the log contains the copies of this process, as far as the tree
// goes, and keeps the newest checkpoint beside this process's key file.
func (p *Publisher) standBy(ctx context.Context, conn *pgx.Conn) error {
	s, err := readPublished(ctx, conn)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // whoever leads begins
	}
	if err != nil {
		return err
	}
	if s.origin != p.Origin {
		if p.otherOrigin != s.origin {
			p.Log.Error("another process signs this log under another origin; all of one log should have the same --log-origin",
				"origin", p.Origin, "other", s.origin)
		}
		p.otherOrigin = s.origin
		return nil
	}
	p.otherOrigin = ""
	copies, err := p.copies.read(ctx)
	if err != nil {
		return err
	}
	if err := p.contains(ctx, conn, s.size, copies); err != nil {
		return err
	}
	p.good()
	if err := p.copies.catchUp(s.signed); err != nil {
		p.Log.Debug("no copy of another process's checkpoint", "error", err)
	}
	return nil
}

// contains returns a [contradiction] if the log lacks one of the checkpoints. What is
// beyond the tree's size, and in the log, is for the one who leads.
func (p *Publisher) contains(ctx context.Context, conn *pgx.Conn, size int64, copies []kept) error {
	head, err := p.Store.Head(ctx)
	if err != nil {
		return err
	}
	keys, err := readKeys(ctx, p.Store, p.Vault)
	if err != nil {
		return err
	}
	verifiers, err := keys.verifiers(p.Origin)
	if err != nil {
		return err
	}
	for _, k := range copies {
		if k.Size > int64(head.Position) {
			return contradicts(k, fmt.Sprintf("it ends at %d", head.Position))
		}
		if fault := faultOfSignature(k.Checkpoint, verifiers); fault != "" {
			return contradicts(k, fault)
		}
		if k.Size > size || k.Size == 0 {
			continue
		}
		root, err := rootAt(ctx, conn, p.Origin, k.Size)
		if err != nil {
			return err
		}
		if root != k.Root {
			return contradicts(k, "the events up to there are other ones")
		}
	}
	return nil
}

// faultOfSignature says why none of the keys has signed the checkpoint; empty if one has.
func faultOfSignature(c Checkpoint, verifiers []string) (fault string) {
	for _, v := range verifiers {
		err := c.SignedBy(v)
		var unknown *note.UnverifiedNoteError
		var wrong *note.InvalidSignatureError
		switch {
		case err == nil:
			return ""
		case errors.As(err, &unknown), errors.As(err, &wrong):
			fault = "it is signed with a key that the log does not name"
		default:
			return fmt.Sprintf("its signatures cannot be read: %v", err)
		}
	}
	return fault
}

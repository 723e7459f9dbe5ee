// Package session keeps an agent from taking orders while another process does that with
// the same credentials.
//
// Stage in the flow: beside the followers, in the agent's process; it asks the control
// plane for the session of the agent's identity (package workers/control/sessions).
//
// Contract: what [Session.While] runs takes orders, and runs only while the process has
// the session. A process that has it keeps it while the control plane does not answer:
// nobody else can get orders then. The package must not know what orders are.
package session

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/internal/wholefile"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/internal/ask"
)

const (
	// askWithin bounds the answer to one question, endWithin that to the last one.
	askWithin = 5 * time.Second
	endWithin = time.Second
	// askAgain bounds the pause after a question without an answer.
	askAgainLeast, askAgainMost = 50 * time.Millisecond, 2 * time.Second
)

// Config holds what a session needs; every field is required unless its comment says
// otherwise.
type Config struct {
	NC *nats.Conn
	// ID is the agent's, and Subject where it asks for its session.
	ID      int64
	Subject string
	// Key is the control plane's key from the credentials, LogID their log; it may be nil.
	Key   ed25519.PublicKey
	LogID uuid.UUID
	// Instance is that of the folder of the agent's state, see [Instance].
	Instance uuid.UUID
	// Enroll is the command that makes credentials for one more agent, for the log.
	Enroll string
	// Log is for the agent's operator; nil discards it.
	Log *slog.Logger
}

// Session is one process's. Run must run for While to do anything. A nil Session is that of
// an agent that asks for none: While runs at once.
//
// Invariants:
//  1. While runs nothing before the control plane has granted the session, and stops it
//     when the control plane has given the session to another process.
//  2. A process that ends gives the session up, after all that While ran has ended.
type Session struct {
	cfg     Config
	request protocol.SessionRequest

	mu      sync.Mutex
	held    bool
	changed chan struct{}
	using   sync.WaitGroup
}

// New returns a session that is not held.
func New(cfg Config) (*Session, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	boot, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return &Session{cfg: cfg, changed: make(chan struct{}), request: protocol.SessionRequest{
		Log: cfg.LogID, Boot: boot, Instance: cfg.Instance, Started: time.Now().UTC(), Host: host,
	}}, nil
}

// Instance returns what a folder of an agent's state is known by, and makes it at first.
func Instance(dir string) (uuid.UUID, error) {
	path := filepath.Join(dir, "instance")
	text, err := os.ReadFile(path)
	if err == nil {
		id, err := uuid.Parse(strings.TrimSpace(string(text)))
		if err != nil {
			return uuid.Nil, fmt.Errorf("%s: %w", path, err)
		}
		return id, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return uuid.Nil, err
	}
	id := uuid.New()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return uuid.Nil, err
	}
	return id, wholefile.Write(path, []byte(id.String()+"\n"), 0o600)
}

// While runs f while the process has the session, and again when it has the session again,
// until ctx ends or f returns an error. The context of f ends with the session.
func (s *Session) While(ctx context.Context, f func(context.Context) error) error {
	if s == nil {
		return f(ctx)
	}
	s.using.Add(1)
	defer s.using.Done()
	for s.await(ctx, true) {
		if err := s.hold(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) hold(ctx context.Context, f func(context.Context) error) error {
	ctx, lose := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		s.await(ctx, false)
		lose()
	})
	defer watch.Wait()
	defer lose()
	return f(ctx)
}

// Held says whether the process has the session.
func (s *Session) Held() bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// await returns true when the session is held, or not, as wanted; false when ctx ends.
func (s *Session) await(ctx context.Context, held bool) bool {
	for ctx.Err() == nil {
		s.mu.Lock()
		is, changed := s.held, s.changed
		s.mu.Unlock()
		if is == held {
			return true
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
	return false
}

// set says whether that changed something.
func (s *Session) set(held bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == held {
		return false
	}
	s.held = held
	close(s.changed)
	s.changed = make(chan struct{})
	return true
}

// ErrDeleted says that the control plane has no such server any more.
var ErrDeleted = errors.New("the server was deleted")

// Run asks for the session until ctx ends, and then gives it up. It returns an error, ErrDeleted,
// only if the control plane has signed for this question that the server was deleted.
func (s *Session) Run(ctx context.Context) error {
	connected := s.cfg.NC.StatusChanged(nats.CONNECTED)
	defer s.cfg.NC.RemoveStatusListener(connected)
	pause := backoff.Growing{Least: askAgainLeast, Most: askAgainMost}
	next := time.NewTimer(0)
	defer next.Stop()
	told := false
	for {
		select {
		case <-ctx.Done():
			s.end(context.WithoutCancel(ctx))
			return nil
		case <-connected:
		case <-next.C:
		}
		answer, err := s.ask(ctx, s.request)
		if err != nil {
			s.cfg.Log.Debug("the control plane does not say who has the session", "error", err)
			next.Reset(pause.Next())
			continue
		}
		if answer.Deleted {
			s.set(false)
			return ErrDeleted
		}
		pause.Reset()
		told = s.take(answer, told)
		next.Reset(backoff.Jitter(protocol.SessionEvery))
	}
}

// take takes an answer. told says that a refusal was logged since the last grant.
func (s *Session) take(answer protocol.SessionAnswer, told bool) bool {
	had := s.set(answer.Granted) && !answer.Granted
	if answer.Granted {
		if told {
			s.cfg.Log.Info("the other process with this agent's credentials is gone; this one takes orders")
		}
		return false
	}
	if told && !had {
		return true
	}
	other := answer.Holder
	if other == nil {
		other = &protocol.SessionHolder{}
	}
	s.cfg.Log.Error("another process, which was there before, runs with the same credentials: this one gets no orders until that one is gone. "+
		"Each agent needs credentials of its own; for one more: "+s.cfg.Enroll,
		"other_address", other.Address, "other_host", other.Host, "other_started", other.Started)
	return true
}

func (s *Session) ask(ctx context.Context, request protocol.SessionRequest) (answer protocol.SessionAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if ip, err := s.cfg.NC.GetClientIP(); err == nil && ip != nil {
		request.Address = ip.String()
	}
	payload, err := request.Encode()
	if err != nil {
		return answer, err
	}
	data, err := ask.Asker{NC: s.cfg.NC, ID: s.cfg.ID, Key: s.cfg.Key}.Ask(ctx, protocol.ForSession, s.cfg.Subject, payload)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return answer, err
	}
	if answer.Error != "" && !answer.Deleted {
		return answer, errors.New(answer.Error)
	}
	return answer, nil
}

// end gives the session up. If that fails it ends with its lease, or with the next process
// of this instance.
func (s *Session) end(ctx context.Context) {
	s.using.Wait()
	if !s.cfg.NC.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	request := s.request
	request.Ending = true
	if _, err := s.ask(ctx, request); err != nil {
		s.cfg.Log.Debug("the session was not given up", "error", err)
	}
}

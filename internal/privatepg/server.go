package privatepg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/folderlock"
)

// Config says where the server lives.
type Config struct {
	// Dir holds everything: data/, run/ (the socket), postgres.log, lock.
	// It is created with mode 0711, since postgres may have to run as another
	// user; what is in it is the owner's alone.
	Dir string
	// Log hears of restarts; nil drops them. What postgres says goes to <Dir>/postgres.log.
	Log *slog.Logger
	// Settings override the server's, such as {"fsync": "off"} in tests. A port names the
	// socket, too.
	Settings map[string]string
}

const (
	startLimit = 60 * time.Second // crash recovery may have to replay max_wal_size
	stopGrace  = 30 * time.Second
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// Server is a running private PostgreSQL.
//
// Invariants:
//  1. One process owns the folder: the lock is held from before the first
//     touch until after the postmaster has ended.
//  2. The postmaster runs until Stop; when it dies by itself it is started again.
//  3. A cluster is complete or absent.
type Server struct {
	cfg    Config
	bin    binaries
	data   string
	socket string
	lock   *folderlock.Lock
	output *os.File
	// compression is fastCompression until the server turns out not to know it.
	compression string

	stop context.CancelFunc
	once sync.Once
	done chan struct{}
	err  error // how the last postmaster ended; read after done
}

// Start brings up the server and returns when it answers. A folder that is new
// gets a cluster; a postmaster that outlived a killed owner is stopped first.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, compression: fastCompression, done: make(chan struct{})}
	if err := s.start(ctx); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	p, err := s.launch(ctx)
	if err != nil {
		return err
	}
	if err := createDatabase(ctx, s.url("postgres")); err != nil {
		return errors.Join(err, p.Stop(stopGrace))
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.supervise(serving, p)
	return nil
}

func (s *Server) prepare(ctx context.Context) (err error) {
	if s.bin, err = findBinaries(); err != nil {
		return err
	}
	if s.cfg.Dir, err = filepath.Abs(s.cfg.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(s.cfg.Dir, 0o711); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if s.lock, err = lockFolder(s.cfg.Dir); err != nil {
		return err
	}
	if s.output, err = openLog(filepath.Join(s.cfg.Dir, "postgres.log")); err != nil {
		return err
	}
	durable := s.cfg.Settings["fsync"] != "off"
	if s.data, err = createCluster(ctx, s.bin, s.cfg.Dir, durable); err != nil {
		return err
	}
	s.socket, err = socketFolder(s.cfg.Dir, s.port())
	return err
}

// URL is the address of the database "opsledger", for pgx.
func (s *Server) URL() string { return s.url(database) }

func (s *Server) url(database string) string { return socketURL(s.socket, s.port(), database) }

// port names the socket, and is where the server listens if its settings say that it does.
func (s *Server) port() string { return cmp.Or(s.cfg.Settings["port"], defaultPort) }

// Stop ends the server in order: sessions are closed, everything is on disk.
// It returns when the postmaster is gone or ctx ends.
func (s *Server) Stop(ctx context.Context) error {
	s.once.Do(s.stop)
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return fmt.Errorf("stop private PostgreSQL: %w", ctx.Err())
	}
}

// supervise keeps a postmaster running until Stop.
func (s *Server) supervise(ctx context.Context, p *child.Process) {
	defer close(s.done)
	defer s.release()
	for p != nil {
		select {
		case <-ctx.Done():
			s.err = p.Stop(stopGrace)
			return
		case <-p.Done():
			s.cfg.Log.Error("PostgreSQL ended by itself, starting it again", "error", p.Err(), "log", s.output.Name())
			p = s.relaunch(ctx)
		}
	}
}

// relaunch tries until a postmaster runs; nil means that Stop was called.
func (s *Server) relaunch(ctx context.Context) *child.Process {
	for wait := minBackoff; ctx.Err() == nil; wait = min(2*wait, maxBackoff) {
		p, err := s.launch(ctx)
		if err == nil {
			return p
		}
		s.cfg.Log.Error("PostgreSQL cannot be started", "error", err, "retry_in", wait)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// release gives up what prepare took. The lock goes last.
func (s *Server) release() {
	if s.socket != "" && filepath.Dir(s.socket) != s.cfg.Dir {
		_ = os.RemoveAll(s.socket) // a temporary folder, harmless if it stays
	}
	if s.output != nil {
		_ = s.output.Close() // ours is one of two descriptors, nothing is buffered
	}
	if s.lock != nil {
		_ = s.lock.Release() // cannot fail in a way that keeps the lock
	}
}

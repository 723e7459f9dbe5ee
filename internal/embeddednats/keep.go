package embeddednats

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// lookEvery is how often the streams are looked at. What is wrong twice in a row
	// is mended: a stream that is being made looks like one that was lost.
	lookEvery = 2 * time.Second
	// trialFiles and trialBytes are what must be had of files and disk before the
	// streams are opened anew: a stream that is opened without them loses its end.
	trialFiles = 64
	trialBytes = 4 << 20
)

// Keep mends streams until ctx ends. After one failed write, for want of files, of
// room on the disk, or of a right, the library takes no message for the stream any
// more, or ends JetStream as a whole, until somebody opens it anew; Keep does, as soon
// as the folder can be written again. Clients stay connected, and lose of their
// consumers what they would lose in a restart.
func (s *Server) Keep(ctx context.Context) error {
	for before := error(nil); backoff.Sleep(ctx, backoff.Jitter(lookEvery)); {
		now := s.look()
		switch {
		case now == nil:
			s.unwell.Store(nil)
		case before != nil:
			s.unwell.Store(&now)
			s.mend(now)
		}
		before = now
	}
	return nil
}

// Unwell says that streams take no messages, and why, as far as Keep has found; nil
// says that nothing of the kind is known.
func (s *Server) Unwell() error {
	if err := s.unwell.Load(); err != nil {
		return *err
	}
	return nil
}

// look returns what is wrong with the streams.
func (s *Server) look() error {
	for _, fault := range s.inner.Healthz(&server.HealthzOptions{Details: true}).Errors {
		if fault.Type == server.HealthzErrorJetStream || fault.Type == server.HealthzErrorStream {
			return errors.New(fault.Error)
		}
	}
	return nil
}

// mend opens all streams anew.
func (s *Server) mend(why error) {
	if err := tryFolder(s.dir); err != nil {
		s.log.log.Error("streams take no messages, and their folder cannot be written", "error", why, "folder", err)
		return
	}
	err := s.inner.ShutdownJetStream()
	if err == nil {
		err = s.inner.EnableJetStream(&server.JetStreamConfig{StoreDir: s.dir, MaxMemory: maxMemoryStore})
	}
	if err != nil {
		s.log.log.Error("streams take no messages, and cannot be opened anew", "error", why, "opening", err)
		return
	}
	s.log.log.Warn("streams took no messages, and were opened anew", "error", why)
}

// tryFolder fails if the folder cannot be written now, or if the process can open few more files.
func tryFolder(dir string) (err error) {
	trial, err := os.MkdirTemp(dir, "trial-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(trial)) }()
	part := make([]byte, trialBytes/trialFiles)
	for n := range trialFiles {
		f, err := os.Create(filepath.Join(trial, fmt.Sprint(n)))
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.Write(part); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}

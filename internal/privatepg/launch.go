package privatepg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/opsledger/opsledger/internal/child"
)

// maxLog is the size beyond which postgres.log is put aside at the next start.
const maxLog = 16 << 20

// launch clears away what a killed postmaster left behind, starts a postmaster
// and waits until it answers. A killed postmaster's shared memory may be held a
// moment longer than its holders can be seen, so launch tries again after a
// refusal because of that. After a refusal because of the compression it tries
// another compression.
func (s *Server) launch(ctx context.Context) (*child.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		if err := clearAway(ctx, s.data, s.socket, s.port()); err != nil {
			return nil, err
		}
		from, err := s.output.Seek(0, 2)
		if err != nil {
			return nil, err
		}
		p, err := child.Start(ctx, child.Spec{
			Name: "postgres", Path: s.bin.postgres, Args: arguments(s.data, s.socket, s.compression, s.cfg.Settings),
			Env: environment(), Dir: s.data, Log: s.output,
			StopSignal: syscall.SIGINT, DeathSignal: syscall.SIGINT, // both: roll back, checkpoint, end
			Unprivileged: true, Owns: []string{s.data, s.socket},
		})
		if err != nil {
			return nil, err
		}
		err = waitReady(ctx, p, s.url("postgres"))
		if err == nil {
			return p, nil
		}
		// In order, since what a killed postmaster leaves behind is in the way of the next.
		err = errors.Join(err, p.Stop(stopGrace))
		reason := fatalLine(s.output, from)
		if s.compression != anyCompression && strings.Contains(reason, "wal_compression") {
			s.compression = anyCompression
			continue
		}
		if ctx.Err() != nil || !strings.Contains(reason, "still in use") {
			return nil, fmt.Errorf("%w: %s (see %s)", err, reason, s.output.Name())
		}
		time.Sleep(minBackoff)
	}
}

// waitReady polls until the server accepts a connection, for which it sends no signal.
func waitReady(ctx context.Context, p *child.Process, url string) error {
	for {
		err := ping(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it did not answer: %w", errors.Join(ctx.Err(), err))
		case <-p.Done():
			return errors.New("it ended at once")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func ping(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func createDatabase(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+database)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P04" { // duplicate_database
		err = nil
	}
	return errors.Join(err, conn.Close(ctx))
}

// openLog opens the file that postgres appends to; one old file is kept.
func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
}

// fatalLine finds the first complaint that postgres wrote after the offset, with its detail.
func fatalLine(f *os.File, from int64) string {
	text := make([]byte, 16<<10)
	n, _ := f.ReadAt(text, from) // a short read is the normal case
	reason := ""
	for line := range strings.Lines(string(text[:n])) {
		if reason == "" {
			for _, level := range []string{"FATAL:", "PANIC:", "postgres:"} {
				if _, said, found := strings.Cut(line, level); found {
					reason = strings.TrimSpace(said)
				}
			}
			continue
		}
		if _, detail, found := strings.Cut(line, "DETAIL:"); found {
			reason += ": " + strings.TrimSpace(detail)
		}
		break
	}
	return cmp.Or(reason, "no reason given")
}

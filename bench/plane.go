package bench

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/datafolder"
)

// plane is a running control plane with one agent and its named: `opsledger
// dev` as a process of its own. Cases reach it as any client does.
type plane struct {
	// api is the URL of the REST APIs, dns is host:port of named, ddns where updates and transfers are taken.
	api, dns, ddns string
	// databaseURL is its PostgreSQL, for baselines; natsURL is where agents connect.
	databaseURL, natsURL string
	// keyFile opens its vault.
	keyFile string
	// dir is the plane's folder, agentDir that of the agent and named.
	dir, agentDir string
	// process is the control plane and the agent; said is what they print.
	process *child.Process
	said    *logLines
}

const (
	planePassword = "password of a bench run"
	// planeStart bounds the start of a plane, whose named may have to load many zones.
	planeStart = 3 * time.Minute
)

// startPlane starts a plane on an empty folder and on free ports, with these
// flags beside its own.
func startPlane(ctx context.Context, e *Env, flags ...string) (*plane, error) {
	return startPlaneWith(ctx, e, func(string) error { return nil }, flags...)
}

// startPlaneWith lets the folder be prepared before the plane starts on it.
func startPlaneWith(ctx context.Context, e *Env, prepare func(dir string) error, flags ...string) (*plane, error) {
	dir, err := planeFolder(e)
	if err != nil {
		return nil, err
	}
	if err := prepare(dir); err != nil {
		return nil, err
	}
	p, err := launch(ctx, e, dir, append([]string{"dev", "--dns", "127.0.0.1:0"}, flags...)...)
	if err != nil {
		return nil, err
	}
	return p, p.noteNamed(ctx, e)
}

func planeFolder(e *Env) (dir string, err error) {
	if dir, err = os.MkdirTemp(e.Dir, "plane-"); err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711) // PostgreSQL and named may run as another user
}

// launch runs a subcommand of the program, dev or serve, on a folder and on free
// ports, and returns when it is ready.
func launch(ctx context.Context, e *Env, dir string, command ...string) (*plane, error) {
	e.Progress("starting a control plane")
	said := &logLines{log: e.Log}
	process, err := child.Start(ctx, child.Spec{
		Name: "opsledger", Path: e.Program, Log: said, DeathSignal: syscall.SIGTERM,
		Args: append(command, "--data", dir, "--http", "127.0.0.1:0", "--nats-listen", "127.0.0.1:0", "--ddns", "127.0.0.1:0",
			"--admin-password", planePassword, "--log-level", "error"),
	})
	if err != nil {
		return nil, fmt.Errorf("start %s as a control plane (make build makes it): %w", e.Program, err)
	}
	e.Defer(func() error { return process.Stop(stopLimit) })
	p := &plane{dir: dir, agentDir: filepath.Join(dir, "named"), keyFile: filepath.Join(dir, "vault.key"), process: process, said: said}
	ctx, cancel := context.WithTimeout(ctx, planeStart)
	defer cancel()
	if err := p.await(ctx); err != nil {
		return nil, err
	}
	return p, p.notePostgreSQL(ctx, e)
}

// await waits until the plane is ready to serve.
func (p *plane) await(ctx context.Context) error {
	for {
		if p.find() == nil && p.ready(ctx) == nil {
			return nil
		}
		select {
		case <-p.process.Done():
			return fmt.Errorf("the control plane ended: %w: %s", p.process.Err(), p.said.newest())
		case <-ctx.Done():
			return fmt.Errorf("the control plane did not get ready: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// find reads where the plane is to be reached.
func (p *plane) find() error {
	found, err := datafolder.ReadRunning(p.dir)
	if err != nil {
		return err
	}
	p.api, p.dns, p.ddns, p.databaseURL, p.natsURL = found.API(), found.DNS, found.DDNS, found.DatabaseURL, found.NATSURL
	return nil
}

func (p *plane) ready(ctx context.Context) error {
	conn, err := dialAPI(ctx, p.api)
	if err != nil {
		return err
	}
	defer conn.close()
	reply, err := conn.do(request{method: http.MethodGet, path: "/readyz"})
	if err == nil && reply.status != http.StatusOK {
		err = fmt.Errorf("status %d", reply.status)
	}
	return err
}

// notePostgreSQL tells the version of the plane's PostgreSQL.
func (p *plane) notePostgreSQL(ctx context.Context, e *Env) error {
	conn, err := pgx.Connect(ctx, p.databaseURL)
	if err != nil {
		return err
	}
	version, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), " ")
	e.Note("PostgreSQL " + version)
	return conn.Close(ctx)
}

// noteNamed tells the version of the plane's named, which over DNS may keep it to itself.
func (p *plane) noteNamed(ctx context.Context, e *Env) error {
	text, err := child.Run(ctx, child.Spec{Path: filepath.Join(p.agentDir, "bin", "named"), Args: []string{"-v"}})
	if err != nil {
		return err
	}
	version, _, _ := strings.Cut(strings.TrimSpace(string(text)), "-")
	e.Note(version)
	return nil
}

// logLines gives what a process prints to the log, and keeps the newest of it, which
// tells why the process ended.
type logLines struct {
	log  *slog.Logger
	mu   sync.Mutex
	last string
}

func (l *logLines) Write(text []byte) (int, error) {
	line := string(bytes.TrimSpace(text))
	l.log.Debug("a process", "says", line)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = line
	return len(text), nil
}

func (l *logLines) newest() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

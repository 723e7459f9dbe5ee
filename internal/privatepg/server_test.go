package privatepg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/opsledger/opsledger/internal/child"
)

// ownerMode makes the test binary itself the owner of a server, until it is killed.
// patience limits a wait for what must come, as testkit.Patience does, which needs this package.
const patience = 3 * time.Minute

const ownerMode = "OPSLEDGER_TEST_OWNER_OF"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerMode); dir != "" {
		beOwner(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func beOwner(dir string) {
	s, err := Start(context.Background(), Config{Dir: dir, Settings: quick()})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.URL())
	select {}
}

// quick trades durability for speed.
func quick() map[string]string {
	return map[string]string{"fsync": "off", "shared_buffers": "16MB"}
}

// folder is short enough for a socket and reachable by any user.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "opsledger-pgtest-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "pg")
}

func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), Config{Dir: dir, Settings: quick()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// query runs a statement and returns its one value as text.
func query(t *testing.T, url, sql string) (string, error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return "", err
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(values, " "), err
}

func must(t *testing.T, url, sql string) string {
	t.Helper()
	text, err := query(t, url, sql)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestStartStopStart(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := start(t, dir)
	must(t, s.URL(), "CREATE TABLE kept AS SELECT 'x'::text AS v")
	if got := must(t, s.URL(), "SELECT current_setting('listen_addresses') || current_setting('data_checksums')"); got != "on" {
		t.Errorf("listen_addresses and checksums: %q", got)
	}
	if info, err := os.Stat(filepath.Join(dir, "run")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("socket folder %v, %v", info.Mode(), err)
	}
	if _, err := Start(t.Context(), Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second owner: %v", err)
	}
	stop(t, s)
	if got, err := query(t, s.URL(), "SELECT 'x'::text"); err == nil {
		t.Errorf("a stopped server answers %q", got)
	}
	if got := must(t, start(t, dir).URL(), "SELECT v FROM kept"); got != "x" {
		t.Errorf("after the restart: %q", got)
	}
}

// Servers in different folders do not see each other; a path too deep for a socket works.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	shallow := start(t, folder(t))
	deep := start(t, filepath.Join(folder(t), strings.Repeat("d", 100)))
	must(t, shallow.URL(), "CREATE TABLE mine (v int)")
	must(t, deep.URL(), "CREATE TABLE mine (v int)")
	socket := deep.socket
	stop(t, deep)
	if _, err := os.Stat(socket); err == nil {
		t.Errorf("%s is left", socket)
	}
}

// A postmaster that is killed comes back by itself, with what was committed.
func TestRestartsItself(t *testing.T) {
	t.Parallel()
	s := start(t, folder(t))
	must(t, s.URL(), "CREATE TABLE kept AS SELECT 'x'::text AS v")
	for range 2 {
		pid, err := postmasterPid(s.data)
		if err != nil || pid == 0 {
			t.Fatalf("pid %d, %v", pid, err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(patience)
		for {
			now, _ := postmasterPid(s.data)
			got, err := query(t, s.URL(), "SELECT v FROM kept")
			if err == nil && got == "x" && now != pid {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("not back: %q, %v", got, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	select {
	case <-s.done:
		t.Error("done before Stop")
	default:
	}
}

// After kill -9 of the owner the next one gets the folder and the data.
func TestOwnerKilled(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerMode+"="+dir)
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(url, "postgres://") {
		t.Fatalf("the owner says %q, %v", url, err)
	}
	must(t, strings.TrimSpace(url), "CREATE TABLE kept AS SELECT 'x'::text AS v")
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // killed
	if got := must(t, start(t, dir).URL(), "SELECT v FROM kept"); got != "x" {
		t.Errorf("after the kill: %q", got)
	}
}

// A postmaster that still serves a folder without owner is stopped first; a
// stale or torn pid file, and half a cluster, are no obstacle.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := start(t, dir)
	stop(t, s)
	p, err := child.Start(t.Context(), child.Spec{
		Path: s.bin.postgres, Args: arguments(s.data, s.socket, s.compression, quick()), Env: environment(), Dir: s.data,
		Unprivileged: true, Owns: []string{s.data, s.socket},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := waitReady(ctx, p, s.URL()); err != nil {
		t.Fatal(err)
	}
	stop(t, start(t, dir))
	select {
	case <-p.Done():
	default:
		t.Error("the postmaster left over still runs")
	}
	for _, text := range []string{"", "garbage\n", "1\n", fmt.Sprintln(os.Getpid())} {
		if err := os.WriteFile(filepath.Join(s.data, "postmaster.pid"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := endLeftover(t.Context(), s.data); err != nil {
			t.Errorf("pid file %q: %v", text, err)
		}
	}
	stranger := exec.Command("sleep", "60")
	stranger.Dir = s.data // like a shell that somebody left there
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stranger.Process.Kill(); _ = stranger.Wait() })
	lock := fmt.Appendf(nil, "%d\n%s\n", stranger.Process.Pid, s.data)
	for _, path := range []string{filepath.Join(s.data, pidFile), filepath.Join(s.socket, socketName(s.port())+".lock")} {
		if err := os.WriteFile(path, lock, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stop(t, start(t, dir))
	if err := stranger.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("a stranger was ended: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "data.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.data, s.data+".aside"); err != nil {
		t.Fatal(err)
	}
	must(t, start(t, dir).URL(), "SELECT 'x'::text")
}

// What stands against a start is said in one line.
func TestClearErrors(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := start(t, dir)
	stop(t, s)
	for _, c := range []struct {
		name, says string
		cfg        Config
		spoil      func() error
	}{
		{"unknown setting", "no_such_setting", Config{Dir: dir, Settings: map[string]string{"no_such_setting": "1"}}, func() error { return nil }},
		{"another version", "PostgreSQL version 9", Config{Dir: dir}, func() error { return os.WriteFile(filepath.Join(s.data, "PG_VERSION"), []byte("9\n"), 0o600) }},
		{"no folder", "not a directory", Config{Dir: filepath.Join(dir, "lock", "pg")}, func() error { return nil }},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := Start(t.Context(), c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.name, err)
		}
		if took := time.Since(began); took > patience/4 {
			t.Errorf("%s: took %s", c.name, took)
		}
	}
}

// A server that was built without the compression that we want starts with another.
func TestCompression(t *testing.T) {
	t.Parallel()
	for wanted, got := range map[string]string{fastCompression: fastCompression, "unheard-of": "pglz"} {
		s := &Server{
			cfg:         Config{Dir: folder(t), Settings: quick(), Log: slog.New(slog.DiscardHandler)},
			compression: wanted, done: make(chan struct{}),
		}
		if err := s.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), s.URL())
		if err != nil {
			t.Fatal(err)
		}
		var used string
		if err := conn.QueryRow(t.Context(), "SHOW wal_compression").Scan(&used); err != nil || used != got {
			t.Errorf("wanted %s, got %s, %v", wanted, used, err)
		}
		if err := errors.Join(conn.Close(t.Context()), s.Stop(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

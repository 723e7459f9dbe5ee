package deployment

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Password is that of user admin.
const Password = "correct horse"

// stopLimit bounds a clean stop.
const stopLimit = testkit.Patience

// Server is `opsledger serve`, or `dev`, as a process, on the same address after
// each start. A user of it calls its APIs as [Caller].
type Server struct {
	*Caller
	// Data is its data folder.
	Data string
	// Said is what it prints.
	Said *testkit.Output
	// Program is the file that Start starts, empty for that of [testkit.Program].
	Program string
	command []string
	process *child.Process
}

// NewServe is a `serve` that has not been started yet. It ends with the test.
func NewServe(t testing.TB, name string, flags ...string) *Server {
	t.Helper()
	return NewServeOn(t, name, filepath.Join(t.TempDir(), name), flags...)
}

// NewServeOn is NewServe with a data folder of the test's choice.
func NewServeOn(t testing.TB, name, data string, flags ...string) *Server {
	t.Helper()
	command := []string{"serve", "--admin-password", Password, "--nats-listen", "127.0.0.1:0"} // unless the flags say where
	return newServer(t, name, data, append(command, flags...)...)
}

// StartServe starts a `serve` and logs in.
func StartServe(t testing.TB, name string, flags ...string) *Server {
	t.Helper()
	s := NewServe(t, name, flags...)
	s.Start()
	s.Login()
	return s
}

// newServer is a process of the command on the folder.
func newServer(t testing.TB, name, data string, command ...string) *Server {
	t.Helper()
	address := testkit.Address(t)
	s := &Server{
		Caller: NewCaller(t, address), Data: data, Said: testkit.NewOutput(t, name),
		command: append(command, "--data", data, "--http", address, "--log-level", "warn"),
	}
	t.Cleanup(func() {
		s.Stop()
		s.Client.CloseIdleConnections()
	})
	return s
}

// Begin starts it; the channel is closed when the program says that it is ready.
func (s *Server) Begin() (ready <-chan struct{}) {
	s.t.Helper()
	s.makeCluster()
	ready = s.Said.Printed(" is ready\n")
	s.process = start(s.t, s.Program, s.Said, s.command...)
	return ready
}

// makeCluster spares the first start of a serve the making of its database. A dev makes its own:
// that is where first starts are tested.
func (s *Server) makeCluster() {
	s.t.Helper()
	dir := filepath.Join(s.Data, "postgres")
	if _, err := os.Stat(dir); err == nil || s.command[0] == "dev" || slices.Contains(s.command, "--database-url") {
		return
	}
	if err := os.MkdirAll(s.Data, 0o711); err != nil { // as the program would
		s.t.Fatal(err)
	}
	testkit.EmptyCluster(s.t, dir)
}

// Start returns when the program says that it is ready.
func (s *Server) Start() {
	s.t.Helper()
	ready := s.Begin()
	select {
	case <-ready:
	case <-s.process.Done():
		s.t.Fatalf("%s ended: %v", s.command[0], s.process.Err())
	case <-time.After(testkit.Patience):
		s.t.Fatalf("%s does not get ready", s.command[0])
	}
}

// RefusesToStart wants a start that fails by itself, and to be told why.
func (s *Server) RefusesToStart(why string) {
	s.t.Helper()
	told := s.Said.Printed(why)
	s.process = start(s.t, s.Program, s.Said, s.command...)
	testkit.Await(s.t, "it ends by itself", s.process.Done())
	if s.process.Err() == nil {
		s.t.Fatalf("%s ended as if nothing were wrong", s.command[0])
	}
	testkit.Await(s.t, "it says why: "+why, told)
	s.process = nil
}

// PID is its process id.
func (s *Server) PID() int { return s.process.Pid() }

// Kill ends it at once, and with it what it had started.
func (s *Server) Kill() { s.process.Kill() }

// Restart is a kill and a start.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	s.Start()
}

// Freeze has the process stand still until Thaw.
func (s *Server) Freeze() {
	s.t.Helper()
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.Thaw) // else it could not be stopped
}

// Hangup sends SIGHUP.
func (s *Server) Hangup() {
	s.t.Helper()
	if err := s.process.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
}

// Thaw lets it go on; it may be called again.
func (s *Server) Thaw() {
	s.t.Helper()
	if err := s.process.Signal(syscall.SIGCONT); err != nil {
		s.t.Fatal(err)
	}
}

// Stop is a clean stop, of what was not killed; it may be called again.
func (s *Server) Stop() {
	s.t.Helper()
	if s.process == nil {
		return
	}
	select {
	case <-s.process.Done(): // killed, or it failed and Start has said so
		return
	default:
	}
	stopWell(s.t, s.command[0], s.process)
	s.process = nil
}

// stopWell stops a process, which must end well.
func stopWell(t testing.TB, name string, p *child.Process) {
	t.Helper()
	if err := p.Stop(stopLimit); err != nil {
		t.Error(err)
	}
	if err := p.Err(); err != nil {
		t.Errorf("%s ended with %v", name, err)
	}
}

// keyFile opens its vault.
func (s *Server) keyFile() string { return filepath.Join(s.Data, "vault.key") }

// Running is where the running server and what it has started are to be reached.
func (s *Server) Running() datafolder.Running {
	s.t.Helper()
	r, err := datafolder.ReadRunning(s.Data)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// Head is the position of the log's last event.
func (s *Server) Head() (position int64) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.Running().DatabaseURL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(s.t.Context())
	if err := conn.QueryRow(s.t.Context(), "SELECT position FROM log.head").Scan(&position); err != nil {
		s.t.Fatal(err)
	}
	return position
}

// OpenLog opens the server's log beside it.
func (s *Server) OpenLog() *Log {
	s.t.Helper()
	return OpenLog(s.t, s.Running().DatabaseURL)
}

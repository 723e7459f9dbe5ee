package deployment

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/testkit"
)

// Site is opsledger as it runs on machines: a serve with its private PostgreSQL
// and, unless told otherwise, an embedded NATS; and a name server. Its methods are
// what may go wrong there.
type Site struct {
	t     testing.TB
	Serve *Server
	DNS   *NameServer
}

// StartSite starts a site.
func StartSite(t testing.TB) *Site {
	t.Helper()
	return StartSiteAround(t, NewServe(t, "serve", "--nats-listen", testkit.Address(t)))
}

// StartSiteAround starts the serve, and a name server that is enrolled with the flags.
func StartSiteAround(t testing.TB, serve *Server, enrollFlags ...string) *Site {
	t.Helper()
	serve.Start()
	s := &Site{t: t, Serve: serve, DNS: EnrollNameServer(t, serve.Data, enrollFlags...)}
	s.DNS.Start()
	return s
}

// RestartServe kills serve and what it had started, and starts it.
func (s *Site) RestartServe() {
	s.t.Helper()
	s.Serve.Restart()
}

// WipeStream stops serve, takes all of JetStream away and starts serve again.
func (s *Site) WipeStream() {
	s.t.Helper()
	s.Serve.Stop()
	if err := os.RemoveAll(filepath.Join(s.Serve.Data, "nats")); err != nil {
		s.t.Fatal(err)
	}
	s.Serve.Start()
}

// RestartAgent kills the agent and its named, and starts it.
func (s *Site) RestartAgent() {
	s.t.Helper()
	s.DNS.process.Kill()
	s.DNS.Start()
}

// RestartAll kills serve, the agent, and with them all that they had started.
func (s *Site) RestartAll() {
	s.t.Helper()
	s.DNS.process.Kill()
	s.Serve.Restart()
	s.DNS.Start()
}

// SuspendAgent has the agent sleep while serve restarts.
func (s *Site) SuspendAgent() {
	s.t.Helper()
	s.PauseAgent()
	s.Serve.Restart()
	s.WakeAgent()
}

// PauseAgent has the agent, not its named, stand still.
func (s *Site) PauseAgent() {
	s.t.Helper()
	if err := s.DNS.process.Signal(syscall.SIGSTOP); err != nil {
		s.t.Error(err)
	}
}

// WakeAgent lets the agent go on.
func (s *Site) WakeAgent() {
	s.t.Helper()
	if err := s.DNS.process.Signal(syscall.SIGCONT); err != nil {
		s.t.Error(err)
	}
}

// Rebuild computes the read models anew while they serve.
func (s *Site) Rebuild() {
	s.t.Helper()
	Command(s.t, "rebuild", "--data", s.Serve.Data)
}

// KillNamed kills the agent's named, which the agent starts again.
func (s *Site) KillNamed() {
	s.t.Helper()
	kill(s.t, s.DNS.pidFile(), "named")
}

// KillPostgres kills the postmaster, which serve starts again.
func (s *Site) KillPostgres() {
	s.t.Helper()
	kill(s.t, s.postmasterFile(), "postgres")
}

func (s *Site) postmasterFile() string {
	return filepath.Join(s.Serve.Data, "postgres", "data", "postmaster.pid")
}

// FreezePostgres has PostgreSQL stand still for a while, the length of which is
// the point.
func (s *Site) FreezePostgres(length time.Duration) {
	s.t.Helper()
	thaw := freezePostgres(s.t, s.postmasterFile())
	time.Sleep(length)
	thaw()
}

// KillBackend kills one of the processes that serve's connections have in
// PostgreSQL, for which PostgreSQL ends them all and recovers.
func (s *Site) KillBackend() {
	s.t.Helper()
	var pid int
	testkit.Eventually(s.t, "a backend is found", func() bool {
		ctx, cancel := context.WithTimeout(s.t.Context(), testkit.Patience)
		defer cancel()
		conn, err := pgx.Connect(ctx, s.Serve.Running().DatabaseURL)
		if err != nil {
			return false
		}
		defer conn.Close(ctx)
		return conn.QueryRow(ctx, `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
			ORDER BY state = 'active' DESC, random() LIMIT 1`).Scan(&pid) == nil
	})
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.t.Logf("the backend %d was gone already: %v", pid, err)
	}
}

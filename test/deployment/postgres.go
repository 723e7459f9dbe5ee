package deployment

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/opsledger/opsledger/internal/privatepg"
)

// Postgres is an outside PostgreSQL server that a test stops, kills and freezes.
type Postgres struct {
	t      testing.TB
	dir    string
	server *privatepg.Server
}

// StartPostgres starts a server, which ends with the test.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	// The path of its socket must be short to be the same each time.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	p := &Postgres{t: t, dir: filepath.Join(dir, "pg")}
	t.Cleanup(func() {
		p.Stop()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil { // where postgres must be another user
		t.Fatal(err)
	}
	p.Start()
	return p
}

// URL names a database of the running server.
func (p *Postgres) URL() string { return p.server.URL() }

// Start starts a stopped server again, on the same data.
func (p *Postgres) Start() {
	p.t.Helper()
	var err error
	if p.server, err = privatepg.Start(p.t.Context(), privatepg.Config{Dir: p.dir}); err != nil {
		p.t.Fatal(err)
	}
}

// Kill ends the postmaster at once; it is started again.
func (p *Postgres) Kill() {
	p.t.Helper()
	kill(p.t, p.pidFile(), "postgres")
}

// Freeze has all processes of the server stand still until thaw is called.
func (p *Postgres) Freeze() (thaw func()) {
	p.t.Helper()
	return freezePostgres(p.t, p.pidFile())
}

func (p *Postgres) pidFile() string { return filepath.Join(p.dir, "data", "postmaster.pid") }

// Stop is a clean stop; it may be called again.
func (p *Postgres) Stop() {
	p.t.Helper()
	if p.server == nil {
		return
	}
	if err := p.server.Stop(context.WithoutCancel(p.t.Context())); err != nil {
		p.t.Error(err)
	}
	p.server = nil
}

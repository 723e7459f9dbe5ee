package eventstore

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/privatepg"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/migrations"
)

// Ids that this process has drawn and not used yet are not drawn again, though
// PostgreSQL dies the moment after and forgets what it had not flushed.
func TestDrawnIDsOutliveACrash(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "pg") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { // where postgres must be another user
		t.Fatal(err)
	}
	server, err := privatepg.Start(t.Context(), privatepg.Config{Dir: filepath.Join(dir, "pg"), Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	pool, err := pgxpool.New(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := migrations.Run(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Pool: pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if _, err := pool.Exec(t.Context(), "CHECKPOINT"); err != nil { // the log's own id is kept
		t.Fatal(err)
	}
	draw := func() ([]int64, error) {
		// Somebody else's step is not flushed yet, and has ids in advance for this one.
		const others = "SELECT nextval('log.id_record') FROM set_config('synchronous_commit', 'off', true)"
		if _, err := pool.Exec(t.Context(), others); err != nil {
			return nil, err
		}
		l := &load{missing: map[domain.Sequence]int{domain.SequenceRecord: 1}}
		err := s.load([]*load{l})
		return l.ids[domain.SequenceRecord], err
	}
	last := int64(0)
	for range 3 {
		ids, err := draw()
		for deadline := time.Now().Add(testkit.Patience); err != nil && time.Now().Before(deadline); ids, err = draw() {
			time.Sleep(20 * time.Millisecond) // it is being started again
		}
		if err != nil {
			t.Fatal(err)
		}
		if ids[0] <= last {
			t.Fatalf("%d is drawn after %d was", ids[0], last)
		}
		last = ids[len(ids)-1]
		crash(t, filepath.Join(dir, "pg", "data", "postmaster.pid"))
	}
}

// crash kills the server whose pid file it is, and returns when it was started again.
func crash(t *testing.T, pidFile string) {
	t.Helper()
	postmaster := func() int {
		text, _ := os.ReadFile(pidFile) // none while it is being started
		first, _, _ := strings.Cut(string(text), "\n")
		pid, _ := strconv.Atoi(first)
		return pid
	}
	killed := postmaster()
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(testkit.Patience); postmaster() == killed || postmaster() == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("PostgreSQL is not started again")
		}
	}
}

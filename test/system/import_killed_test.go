package system

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A restore is killed before, in and behind each of its steps: whatever it had written is not
// there, and the same command makes the system at last.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	secret := passphraseFile(t)
	s := deployment.StartServe(t, "serve")
	_, zone := s.MakeZone("killed.example")
	s.Post("/dns/records", deployment.RecordBody("www", "192.0.2.1", zone))
	backup := filepath.Join(t.TempDir(), "backup")
	deployment.Command(t, "backup", "--out", backup, "--passphrase-file", secret, "--data", s.Data)
	s.Stop()

	url, folder := testkit.PostgresURL(t), t.TempDir()
	restore := []string{
		"restore", "--in", backup, "--passphrase-file", secret, "--as-move", "--database-url", url, "--data", folder, "--key-file", filepath.Join(folder, "key"),
	}
	pool := deployment.OpenPool(t, url)
	// In the order in which a restore writes to them.
	for _, table := range []string{
		"log.head", "log.partitions", "cache.commands", "translog.tiles", "translog.tree", "translog.keys", "vault.secrets", "vault.check_value",
	} {
		killWaiting(t, pool, table, restore)
		var rows int
		err := pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM log.head) + (SELECT count(*) FROM log.events) + (SELECT count(*) FROM log.event_tags)
			+ (SELECT count(*) FROM translog.tree) + (SELECT count(*) FROM translog.tiles) + (SELECT count(*) FROM vault.secrets)
			+ (SELECT count(*) FROM log.partitions) + (SELECT count(*) FROM cache.commands)`).Scan(&rows)
		if err != nil || rows != 0 {
			t.Errorf("killed at %s: %d rows are there, %v", table, rows, err)
		}
	}
	deployment.Command(t, restore...)
	said, err := exec.CommandContext(t.Context(), testkit.Program(t), restore...).CombinedOutput()
	if err == nil || !strings.Contains(string(said), "the database is not empty: it has log ") {
		t.Errorf("once more: %v: %s", err, said)
	}
	again := deployment.NewServeOn(t, "restored", folder, "--database-url", url, "--key-file", filepath.Join(folder, "key"))
	again.Start()
	again.Login()
	again.WantBody("/dns/records?zone_id="+zone, `"total":1`)
}

// killWaiting runs the command while a table is locked, kills it when it waits for the table, and
// returns when PostgreSQL has noticed.
func killWaiting(t *testing.T, pool *pgxpool.Pool, table string, args []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lock, err := pool.Begin(ctx)
	if err == nil {
		_, err = lock.Exec(ctx, "LOCK TABLE "+table+" IN ACCESS EXCLUSIVE MODE")
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, testkit.Program(t), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waiting := func() []int32 {
		rows, _ := pool.Query(ctx, "SELECT pid FROM pg_locks WHERE relation = $1::regclass AND NOT granted", table)
		pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
		if err != nil {
			t.Fatal(err)
		}
		return pids
	}
	var pids []int32
	testkit.Eventually(t, "it waits for "+table, func() bool { pids = waiting(); return len(pids) > 0 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exited *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exited) {
		t.Fatalf("it ended with %v", err)
	}
	if err := lock.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "its sessions end", func() bool {
		var left int
		err := pool.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1)", pids).Scan(&left)
		return err == nil && left == 0
	})
}

// The log and the vault go apart, too: a vault that is older than the log brings back nothing that
// the log says was destroyed, and comes neither before the log nor to another one.
func TestLogAndVaultApart(t *testing.T) {
	t.Parallel()
	secret := passphraseFile(t)
	s := deployment.StartServe(t, "serve")
	add := func(name string) {
		t.Helper()
		body := `{"action":"add","data":[{"username":"` + name + `","passwd":"secret of it","mail":"` + name + `@example.org","department":"d","permissions":"8"}]}`
		if _, said := s.Call("POST", "/api/user", body); !strings.Contains(said, "add user ok") {
			t.Fatal(said)
		}
	}
	add("erased")
	there := s.Head()
	dir := t.TempDir()
	log, vault := filepath.Join(dir, "log.ndjson"), filepath.Join(dir, "vault.age")
	deployment.Command(t, "export", "vault", "--out", vault, "--passphrase-file", secret, "--data", s.Data)
	if _, said := s.Call("DELETE", "/api/user?username=erased", ""); !strings.Contains(said, "delete user ok") {
		t.Fatal(said)
	}
	checkpointAt(t, s, s.Head())
	s.Stop()
	deployment.Command(t, "export", "--out", log, "--data", s.Data)

	moved := deployment.NewServe(t, "moved")
	refused := func(why string, args ...string) {
		t.Helper()
		said, err := exec.CommandContext(t.Context(), testkit.Program(t), args...).CombinedOutput()
		if err == nil || !strings.Contains(string(said), why) {
			t.Errorf("%v: %v, which does not say %q: %s", args[:2], err, why, said)
		}
	}
	importVault := []string{"import", "vault", "--in", vault, "--passphrase-file", secret, "--data", moved.Data}
	refused("the log comes first", importVault...)
	refused("say one of --as-move", "import", "log", "--in", log, "--data", moved.Data)
	refused("say one of --as-move", "import", "log", "--in", log, "--as-move", "--as-copy", "--data", moved.Data)
	refused("it is read twice", "import", "log", "--in", dir, "--as-move", "--data", moved.Data)
	refused("data folder is in use", append(importVault[:len(importVault)-1:len(importVault)-1], deployment.StartServe(t, "another").Data)...)
	if said := deployment.Command(t, "import", "log", "--in", log, "--as-move", "--data", moved.Data); !strings.Contains(said, "the key was not checked") {
		t.Errorf("it says %s", said)
	}
	refused("the database is not empty: it has log", "import", "log", "--in", log, "--as-copy", "--data", moved.Data)
	wrong := filepath.Join(dir, "wrong")
	writeFile(t, wrong, "another passphrase\n")
	refused("the passphrase is not the one of this file", "import", "vault", "--in", vault, "--passphrase-file", wrong, "--data", moved.Data)
	text, err := os.ReadFile(vault)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	writeFile(t, damaged, string(text[:len(text)-20]))
	refused("the file is damaged", "import", "vault", "--in", damaged, "--passphrase-file", secret, "--data", moved.Data)
	if said := deployment.Command(t, importVault...); !strings.Contains(said, "which the log says were destroyed, stay destroyed") {
		t.Errorf("it says %s", said)
	}
	refused("it has secrets already", importVault...)
	moved.Start()
	moved.Login()
	for _, target := range []string{"/admin/users?pageSize=100", "/admin/users?pageSize=100&as_of=" + strconv.FormatInt(there, 10)} {
		if _, body := moved.Call("GET", target, ""); strings.Contains(body, "erased@") {
			t.Errorf("%s: %s", target, body)
		}
	}
}

package main

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/translog"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeBackup writes a folder of two short files.
func makeBackup(t *testing.T, out string) *backupFolder {
	t.Helper()
	b, err := newBackupFolder(out)
	must(t, err)
	for _, name := range []string{backupVault, backupLog} {
		must(t, b.add(name, func(w io.Writer) error { _, err := io.WriteString(w, "contents of "+name); return err }))
	}
	return b
}

// Under its name there is a whole backup or nothing, and a file that is another than it was written is
// told by its name.
func TestBackupFolder(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	out := filepath.Join(parent, "b")
	unfinished := makeBackup(t, out)
	if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an unfinished backup has its name: %v", err)
	}
	if _, err := openBackup(unfinished.staged); err == nil || !strings.Contains(err.Error(), "is no backup, or one that was not finished") {
		t.Errorf("an unfinished backup: %v", err)
	}
	must(t, unfinished.drop())
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
	b := makeBackup(t, out)
	want := manifest{Log: uuid.New(), Position: 7, MadeAt: time.Now().UTC().Truncate(time.Second), Secrets: 3}
	must(t, b.finish(want))
	must(t, b.drop())
	if got, err := openBackup(out); err != nil || got.Log != want.Log || got.Position != 7 || len(got.Files) != 2 || !got.MadeAt.Equal(want.MadeAt) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := newBackupFolder(out); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over another backup: %v", err)
	}
	for name, change := range map[string]struct{ with, says string }{
		backupLog:                   {"contents of log.ndjson.zsT", backupLog + " is damaged: its SHA-256"},
		backupVault:                 {"contents of vault", backupVault + " is damaged: it has 17 bytes"},
		backupManifest:              {"{}", `is of the format ""`},
		backupManifest + " no JSON": {"x", backupManifest},
		backupLog + " gone":         {"", "no such file"},
	} {
		path := filepath.Join(out, strings.Fields(name)[0])
		before, err := os.ReadFile(path)
		must(t, err)
		must(t, os.Remove(path))
		if change.with != "" {
			must(t, os.WriteFile(path, []byte(change.with), 0o600))
		}
		if _, err := openBackup(out); err == nil || !strings.Contains(err.Error(), change.says) {
			t.Errorf("%s: %v", name, err)
		}
		must(t, os.WriteFile(path, before, 0o600))
	}
	_, err := openBackup(out)
	must(t, err)
}

// A moment is one that a checkpoint covers and behind whose checkpoint no secret was destroyed.
func TestMoment(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), testkit.Postgres(t)
	store, err := eventstore.Open(ctx, eventstore.Config{Pool: pool, Codec: newCodec()})
	must(t, err)
	t.Cleanup(store.Close)
	testkit.Background(t, store.Run)
	keyFile := filepath.Join(t.TempDir(), "key")
	v, err := vault.Open(pool, keyFile)
	must(t, err)
	append1 := func(e domain.Event) domain.Position {
		t.Helper()
		r, err := store.Execute(ctx, eventstore.Request{Command: testkit.Events{e}, Door: domain.DoorSystem})
		must(t, err)
		return r.Last
	}
	look := func(least domain.Position) (state translog.State, why string) {
		t.Helper()
		must(t, pgx.BeginTxFunc(ctx, pool, oneMoment, func(tx pgx.Tx) (err error) {
			state, why, err = coveredMoment(ctx, tx, least)
			return err
		}))
		return state, why
	}
	record := dns.RecordAdded{ID: 1, ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "a", Type: "A", Value: "192.0.2.1"}}
	first := append1(record)
	if _, why := look(first); !strings.Contains(why, "events 1 to 1 are under no checkpoint") {
		t.Errorf("before the first checkpoint: %q", why)
	}
	stop := testkit.Background(t, translog.NewPublisher(translog.Config{
		Pool: pool, Store: store, Vault: v, JS: testkit.JetStream(t, testkit.NATS(t)), Origin: translog.DefaultOrigin(store.LogID()),
		KeyFile: keyFile, Log: slog.New(slog.DiscardHandler), Every: 10 * time.Millisecond,
	}).Run)
	testkit.Eventually(t, "it is a moment", func() bool { _, why := look(first); return why == "" })
	stop()
	second := append1(record)
	if state, why := look(first); why != "" || state.Checkpoint.Size != int64(first) {
		t.Errorf("an event behind the checkpoint: %q", why)
	}
	if _, why := look(second); !strings.Contains(why, "events 2 to 2") {
		t.Errorf("an event that is wanted and not covered: %q", why)
	}
	append1(access.UserPasswordChanged{ID: 1, PasswordHash: uuid.NewString(), Former: uuid.NewString()})
	if _, why := look(first); !strings.Contains(why, "lastly by event 3") {
		t.Errorf("a secret was destroyed behind the checkpoint: %q", why)
	}
}

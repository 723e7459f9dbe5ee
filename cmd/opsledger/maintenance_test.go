package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Whoever prepares a database elsewhere does not give it the key of that machine by chance: the
// first one to open its vault would decide for all.
func TestNoKeyIsMadeByChance(t *testing.T) {
	t.Chdir(t.TempDir()) // where the default folder is
	pool, key := testkit.Postgres(t), filepath.Join(t.TempDir(), "vault.key")
	run := func(args ...string) error {
		var out bytes.Buffer
		args = append([]string{"opsledger"}, append(args, "--database-url", pool.Config().ConnString())...)
		err := rootCommand(&out, &out).Run(t.Context(), args)
		if err != nil {
			t.Logf("%q: %v", args, err)
		}
		return err
	}
	must(t, run("migrate"))
	must(t, run("rebuild"))
	if err := run("rotate-keys"); !errors.Is(err, vault.ErrNoKey) {
		t.Errorf("a vault without a key: %v", err)
	}
	if _, err := os.Stat(filepath.Join("data", "vault.key")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a key was made: %v", err)
	}
	must(t, run("migrate", "--data", "prepared"))
	if _, err := os.Stat(filepath.Join("prepared", "vault.key")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("migrate made a key: %v", err)
	}
	must(t, run("rotate-keys", "--key-file", key))
	if err := run("rotate-keys"); !errors.Is(err, vault.ErrKeyMissing) {
		t.Errorf("the key is elsewhere: %v", err)
	}
	must(t, run("migrate"))
}

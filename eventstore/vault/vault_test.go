package vault_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func open(t *testing.T, pool *pgxpool.Pool, keyFile string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(pool, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPutGetErase(t *testing.T) {
	t.Parallel()
	pool, key := testkit.Postgres(t), filepath.Join(t.TempDir(), "sub", "vault.key")
	id, err := open(t, pool, key).Put(t.Context(), "password", []byte("s3cret-hash"))
	if err != nil {
		t.Fatal(err)
	}
	v := open(t, pool, key) // another process
	if secret, err := v.Get(t.Context(), id); err != nil || string(secret) != "s3cret-hash" {
		t.Errorf("got %q, %v", secret, err)
	}
	if _, err := v.Get(t.Context(), uuid.New()); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("unknown id: %v", err)
	}
	for range 2 {
		if err := v.Erase(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.Get(t.Context(), id); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("erased: %v", err)
	}
}

// The database holds no plain text, and its rows cannot be changed.
func TestDatabaseSeesNothing(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	v := open(t, pool, filepath.Join(t.TempDir(), "vault.key"))
	id, err := v.Put(t.Context(), "password", []byte("plain-text"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Named(t.Context(), "token", func() []byte { return []byte("key") }); err != nil {
		t.Fatal(err)
	}
	var found int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM vault.secrets WHERE position('plain-text'::bytea IN sealed) > 0").Scan(&found); err != nil || found > 0 {
		t.Errorf("plain text in the database: %d rows, %v", found, err)
	}
	for _, statement := range []string{
		"UPDATE vault.secrets SET kind = 'x'", "TRUNCATE vault.secrets", "DELETE FROM vault.secrets WHERE name = 'token'",
		"UPDATE vault.check_value SET sealed = ''", "DELETE FROM vault.check_value", "TRUNCATE vault.check_value",
	} {
		if _, err := pool.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	// Swapped rows must not pass for each other.
	other, err := v.Put(t.Context(), "password", []byte("other"))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"ALTER TABLE vault.secrets DISABLE TRIGGER ALL", "UPDATE vault.secrets a SET sealed = b.sealed FROM vault.secrets b WHERE a.id = '" + id.String() + "' AND b.id = '" + other.String() + "'"} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if secret, err := v.Get(t.Context(), id); err == nil {
		t.Errorf("a moved secret opened as %q", secret)
	}
}

// Of racing creators one wins, and all get its secret.
func TestNamedIsCreatedOnce(t *testing.T) {
	t.Parallel()
	pool, dir := testkit.Postgres(t), t.TempDir()
	var wg sync.WaitGroup
	secrets := make([]string, 8)
	for i := range secrets {
		wg.Go(func() {
			v, err := vault.Open(pool, filepath.Join(dir, "vault.key")) // the key file races, too
			if err != nil {
				t.Error(err)
				return
			}
			secret, err := v.Named(context.Background(), "jwt", func() []byte { return []byte{byte(i)} })
			if err != nil {
				t.Error(err)
			}
			secrets[i] = string(secret)
		})
	}
	wg.Wait()
	for _, s := range secrets {
		if s != secrets[0] {
			t.Fatalf("secrets differ: %q", secrets)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "vault.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".key-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	pool, dir := testkit.Postgres(t), t.TempDir()
	open(t, pool, filepath.Join(dir, "right"))
	text, err := os.ReadFile(filepath.Join(dir, "right"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		path string
		is   error
		says string
	}{
		{filepath.Join(dir, "missing"), vault.ErrKeyMissing, "missing"},
		{write("wrong", strings.Repeat("ab", 32), 0o600), vault.ErrWrongKey, "wrong"},
		{write("short", string(text[:20]), 0o600), nil, "64 hexadecimal digits"},
		{write("open", string(text), 0o644), nil, "can be read by others"},
	} {
		_, err := vault.Open(pool, c.path)
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "missing")); err == nil {
		t.Error("a lost key was replaced")
	}
}

// A personal field is readable with its person's key and no other, and empty once the key is erased.
func TestPersonalFields(t *testing.T) {
	t.Parallel()
	v := open(t, testkit.Postgres(t), filepath.Join(t.TempDir(), "vault.key"))
	key, err := v.NewPersonalKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other, err := v.NewPersonalKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	field, err := v.SealField(t.Context(), key, "wáng@example.com")
	if err != nil || strings.Contains(string(field), "example") {
		t.Fatalf("sealed as %q, %v", field, err)
	}
	opened := func(key uuid.UUID) (string, error) {
		opener, err := v.Opener(t.Context(), []uuid.UUID{key})
		if err != nil {
			t.Fatal(err)
		}
		return opener.Open(key, field)
	}
	if plain, err := opened(key); err != nil || plain != "wáng@example.com" {
		t.Errorf("opened as %q, %v", plain, err)
	}
	if plain, err := opened(other); err == nil {
		t.Errorf("another key opened it as %q", plain)
	}
	if empty, err := v.SealField(t.Context(), key, ""); err != nil || empty != "" {
		t.Errorf("empty field: %q, %v", empty, err)
	}
	if err := v.Erase(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if plain, err := opened(key); err != nil || plain != "" {
		t.Errorf("erased: %q, %v", plain, err)
	}
	if _, err := v.SealField(t.Context(), key, "x"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("sealed with an erased key: %v", err)
	}
}

package modeltest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/eventstore/vault"
)

// NewVault gives a database that others are copied from a vault, which use puts something into. It
// returns what the vault's key file holds.
func NewVault(pool *pgxpool.Pool, use func(*vault.Vault) error) (key []byte, err error) {
	dir, err := os.MkdirTemp("", "opsledger-vault-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "vault.key")
	secrets, err := vault.Open(pool, file)
	if err != nil {
		return nil, err
	}
	if err := use(secrets); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// Vault opens the vault of a copy of such a database.
func Vault(t testing.TB, pool *pgxpool.Pool, key []byte) *vault.Vault {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vault.key")
	check(t, os.WriteFile(file, key, 0o600))
	secrets, err := vault.Open(pool, file)
	check(t, err)
	return secrets
}

package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var (
	// ErrNotFound: no secret has the id, because there never was one or it was erased.
	ErrNotFound = errors.New("vault: no such secret")
	// ErrKeyMissing: the vault holds secrets, but the key file is not there.
	ErrKeyMissing = errors.New("vault: the key file is missing")
	// ErrNoKey: the vault has no key yet.
	ErrNoKey = errors.New("vault: this database has no key yet")
	// ErrWrongKey: the key file is not the one that the vault was sealed with.
	ErrWrongKey = errors.New("vault: the key file does not fit this database")
)

const (
	checkLabel = "opsledger vault check v1"
	checkText  = "opsledger"
)

// Vault reads and writes secrets. All methods may be called concurrently.
//
// Invariants:
//  1. A secret is written once and never changed; only unnamed ones are deleted.
//  2. Nothing leaves the process unsealed: the database sees neither key nor plain text.
//  3. A sealed value opens only under the id and kind that it was sealed for.
type Vault struct {
	pool   *pgxpool.Pool
	sealer sealer
}

// Open opens the vault with the key file, which is created when the vault is
// new. A lost key cannot be replaced: then the error is ErrKeyMissing.
func Open(pool *pgxpool.Pool, keyFile string) (*Vault, error) { return open(pool, keyFile, createKey) }

// OpenExisting is Open for a vault that has a key: of one that has none the error is ErrNoKey,
// and nothing is made.
func OpenExisting(pool *pgxpool.Pool, keyFile string) (*Vault, error) {
	return open(pool, keyFile, nil)
}

// open makes a new vault's key by create.
func open(pool *pgxpool.Pool, keyFile string, create func(keyFile string) ([]byte, error)) (*Vault, error) {
	ctx := context.Background()
	check, err := readCheck(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("open the vault: %w", err)
	}
	if check == nil && create == nil {
		return nil, fmt.Errorf("%w: say with --key-file which it is to have, or start serve first", ErrNoKey)
	}
	key, err := readKey(keyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && check != nil:
		return nil, fmt.Errorf("%w: %s must hold the key that this database's secrets are sealed with", ErrKeyMissing, keyFile)
	case errors.Is(err, fs.ErrNotExist):
		key, err = create(keyFile)
	}
	if err != nil {
		return nil, fmt.Errorf("open the vault: %w", err)
	}
	v := &Vault{pool: pool}
	if v.sealer, err = newSealer(key); err != nil {
		return nil, err
	}
	return v, v.prove(ctx, keyFile)
}

func readCheck(ctx context.Context, pool *pgxpool.Pool) ([]byte, error) {
	rows, err := pool.Query(ctx, "SELECT sealed FROM vault.check_value")
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// prove makes sure that the key fits. Of processes that open a new vault with
// different key files, the first to write the check value wins.
func (v *Vault) prove(ctx context.Context, keyFile string) error {
	sealed := v.sealer.seal(checkLabel, []byte(checkText))
	if _, err := v.pool.Exec(ctx, "INSERT INTO vault.check_value (sealed) VALUES ($1) ON CONFLICT DO NOTHING", sealed); err != nil {
		return fmt.Errorf("open the vault: %w", err)
	}
	check, err := readCheck(ctx, v.pool)
	if err != nil {
		return fmt.Errorf("open the vault: %w", err)
	}
	if _, err := v.sealer.open(checkLabel, check); err != nil {
		return fmt.Errorf("%w: %s", ErrWrongKey, keyFile)
	}
	return nil
}

func label(id uuid.UUID, kind string) string { return "secret " + id.String() + " " + kind }

// Put stores a secret and returns its id. It is durable when Put returns.
func (v *Vault) Put(ctx context.Context, kind string, secret []byte) (uuid.UUID, error) {
	id := uuid.New()
	_, err := v.pool.Exec(ctx, "INSERT INTO vault.secrets (id, kind, sealed) VALUES ($1, $2, $3)",
		id, kind, v.sealer.seal(label(id, kind), secret))
	if err != nil {
		return uuid.Nil, fmt.Errorf("vault: put %s: %w", kind, err)
	}
	return id, nil
}

// Get returns a secret, or ErrNotFound.
func (v *Vault) Get(ctx context.Context, id uuid.UUID) ([]byte, error) {
	return v.get(ctx, "id = $1", id)
}

// get reads the one secret that the condition selects.
func (v *Vault) get(ctx context.Context, condition string, arg any) ([]byte, error) {
	var (
		id     uuid.UUID
		kind   string
		sealed []byte
	)
	err := v.pool.QueryRow(ctx, "SELECT id, kind, sealed FROM vault.secrets WHERE "+condition, arg).Scan(&id, &kind, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("vault: get: %w", err)
	}
	return v.sealer.open(label(id, kind), sealed)
}

// kindNamed is the kind of all secrets that have a name.
const kindNamed = "named"

// Named returns the one secret with the name. The first call ever creates it, and
// callers that race all get the same one.
func (v *Vault) Named(ctx context.Context, name string, create func() []byte) ([]byte, error) {
	secret, err := v.get(ctx, "name = $1", name)
	if !errors.Is(err, ErrNotFound) {
		return secret, err
	}
	id := uuid.New()
	_, err = v.pool.Exec(ctx, "INSERT INTO vault.secrets (id, kind, name, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
		id, kindNamed, name, v.sealer.seal(label(id, kindNamed), create()))
	if err != nil {
		return nil, fmt.Errorf("vault: put %s: %w", name, err)
	}
	return v.get(ctx, "name = $1", name)
}

// Find returns the secret with the name, or ErrNotFound; unlike Named it never creates one.
func (v *Vault) Find(ctx context.Context, name string) ([]byte, error) {
	return v.get(ctx, "name = $1", name)
}

// Erase deletes secrets that have no name: personal keys, whose fields are then
// unreadable for ever, and secrets of no use any more. A secret that is gone is no error.
func (v *Vault) Erase(ctx context.Context, ids ...uuid.UUID) error {
	if _, err := v.pool.Exec(ctx, "DELETE FROM vault.secrets WHERE id = ANY($1)", ids); err != nil {
		return fmt.Errorf("vault: erase: %w", err)
	}
	return nil
}

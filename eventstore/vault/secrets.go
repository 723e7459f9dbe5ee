package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrNotEmpty says that secrets cannot be brought into a vault, since it has some already.
var ErrNotEmpty = errors.New("vault: it has secrets already")

// Secret is a secret with all that the vault knows of it.
type Secret struct {
	ID   uuid.UUID
	Kind string
	// Name is empty for secrets of which there are many.
	Name      string
	Value     []byte
	CreatedAt time.Time
}

// Each calls f with every secret, unsealed, in the order in which they came, as the transaction
// sees them.
func (v *Vault) Each(ctx context.Context, tx pgx.Tx, f func(Secret) error) error {
	rows, err := tx.Query(ctx, "SELECT id, kind, coalesce(name, ''), sealed, created_at FROM vault.secrets ORDER BY created_at, id")
	if err != nil {
		return fmt.Errorf("vault: read all secrets: %w", err)
	}
	var s Secret
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&s.ID, &s.Kind, &s.Name, &sealed, &s.CreatedAt}, func() (err error) {
		if s.Value, err = v.sealer.open(label(s.ID, s.Kind), sealed); err != nil {
			return fmt.Errorf("secret %s: %w", s.ID, err)
		}
		return f(s)
	})
	return err
}

// WantEmpty returns [ErrNotEmpty] if there are secrets, and keeps others from adding any until
// the transaction ends.
func WantEmpty(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '15s'; LOCK TABLE vault.secrets IN SHARE ROW EXCLUSIVE MODE; SET LOCAL lock_timeout = 0"); err != nil {
		return fmt.Errorf("lock the vault: %w", err)
	}
	var n int64
	if err := tx.QueryRow(ctx, "SELECT count(*) FROM vault.secrets").Scan(&n); err != nil {
		return fmt.Errorf("vault: count the secrets: %w", err)
	}
	if n > 0 {
		return fmt.Errorf("%w: %d of them", ErrNotEmpty, n)
	}
	return nil
}

// Take writes secrets that come from another vault, sealed under this one's key, in the
// transaction.
func (v *Vault) Take(ctx context.Context, tx pgx.Tx, secrets []Secret) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"vault", "secrets"}, []string{"id", "kind", "name", "sealed", "created_at"},
		pgx.CopyFromSlice(len(secrets), func(i int) ([]any, error) {
			s := &secrets[i]
			var name *string
			if s.Name != "" {
				name = &s.Name
			}
			return []any{s.ID, s.Kind, name, v.sealer.seal(label(s.ID, s.Kind), s.Value), s.CreatedAt}, nil
		}))
	if err != nil {
		return fmt.Errorf("vault: write secrets: %w", err)
	}
	return nil
}

// EraseIn is [Vault.Erase] within a transaction.
func EraseIn(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (erased int64, err error) {
	tag, err := tx.Exec(ctx, "DELETE FROM vault.secrets WHERE id = ANY($1)", ids)
	if err != nil {
		return 0, fmt.Errorf("vault: erase: %w", err)
	}
	return tag.RowsAffected(), nil
}

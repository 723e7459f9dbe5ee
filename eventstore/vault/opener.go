package vault

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain/access"
)

// Opener opens the personal fields of many people. It holds their keys, so it
// must not outlive the request that it was made for: a key that is erased later
// still opens here.
type Opener struct{ people map[uuid.UUID]sealer }

// Opener returns an Opener for the given personal keys, all read with one
// query. Keys that were erased, or never existed, are left out.
func (v *Vault) Opener(ctx context.Context, keys []uuid.UUID) (*Opener, error) {
	o := &Opener{people: make(map[uuid.UUID]sealer, len(keys))}
	rows, err := v.pool.Query(ctx, "SELECT id, sealed FROM vault.secrets WHERE id = ANY ($1) AND kind = $2", keys, kindPersonal)
	if err != nil {
		return nil, fmt.Errorf("vault: read personal keys: %w", err)
	}
	var id uuid.UUID
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &sealed}, func() error {
		key, err := v.sealer.open(label(id, kindPersonal), sealed)
		if err != nil {
			return err
		}
		o.people[id], err = newSealer(key)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("vault: read personal keys: %w", err)
	}
	return o, nil
}

// Open opens a personal field. A field whose key was erased is empty.
func (o *Opener) Open(key uuid.UUID, field access.Sealed) (string, error) {
	s, known := o.people[key]
	if field == "" || !known {
		return "", nil
	}
	sealed, err := base64.StdEncoding.DecodeString(string(field))
	if err != nil {
		return "", fmt.Errorf("open personal field: %w", err)
	}
	plain, err := s.open(fieldLabel(key), sealed)
	if err != nil {
		return "", fmt.Errorf("open personal field: %w", err)
	}
	return string(plain), nil
}

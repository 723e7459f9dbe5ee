package vault

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain/access"
)

const kindPersonal = "personal"

// NewPersonalKey creates the key that a person's fields are sealed with.
func (v *Vault) NewPersonalKey(ctx context.Context) (uuid.UUID, error) {
	return v.Put(ctx, kindPersonal, newKey())
}

// SealField seals a personal field for the log; an empty one stays empty.
func (v *Vault) SealField(ctx context.Context, key uuid.UUID, plain string) (access.Sealed, error) {
	if plain == "" {
		return "", nil
	}
	s, err := v.personal(ctx, key)
	if err != nil {
		return "", fmt.Errorf("seal personal field: %w", err)
	}
	return access.Sealed(base64.StdEncoding.EncodeToString(s.seal(fieldLabel(key), []byte(plain)))), nil
}

func (v *Vault) personal(ctx context.Context, key uuid.UUID) (sealer, error) {
	secret, err := v.Get(ctx, key)
	if err != nil {
		return sealer{}, err
	}
	return newSealer(secret)
}

func fieldLabel(key uuid.UUID) string { return "personal " + key.String() }

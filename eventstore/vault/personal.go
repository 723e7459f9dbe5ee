package vault

import (
	"context"
	"encoding/base64"
	"errors"
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

// OpenField opens a personal field. One whose key was erased is empty.
func (v *Vault) OpenField(ctx context.Context, key uuid.UUID, field access.Sealed) (string, error) {
	if field == "" {
		return "", nil
	}
	s, err := v.personal(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("open personal field: %w", err)
	}
	sealed, err := base64.StdEncoding.DecodeString(string(field))
	if err != nil {
		return "", fmt.Errorf("open personal field: %w", err)
	}
	plain, err := s.open(fieldLabel(key), sealed)
	return string(plain), err
}

func (v *Vault) personal(ctx context.Context, key uuid.UUID) (sealer, error) {
	secret, err := v.Get(ctx, key)
	if err != nil {
		return sealer{}, err
	}
	return newSealer(secret)
}

func fieldLabel(key uuid.UUID) string { return "personal " + key.String() }

package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore/vault"
)

// RotationLasts is for how long messages are signed by the former key, too. After it that key may
// be destroyed.
const RotationLasts = 24 * time.Hour

// FormerSigns says whether the former key signs messages, too.
func FormerSigns(w access.WebhookState, now time.Time) bool {
	return w.Former != "" && now.Before(w.Rotated.Add(RotationLasts))
}

// Target is where the messages of a webhook are sent, and what signs them.
type Target struct {
	Address
	secrets []string
}

// Open reads a webhook's target from the vault. Where nothing can be sent until the
// webhook is set otherwise, the error [IsLasting].
func (s *Sender) Open(ctx context.Context, v *vault.Vault, w access.WebhookState) (t Target, err error) {
	address, err := get(ctx, v, w.Target)
	if err == nil {
		t.Address, err = s.Address(address)
	}
	if err != nil {
		return t, fmt.Errorf("the address of webhook %d: %w", w.ID, err)
	}
	newest, err := get(ctx, v, w.Secret)
	if err != nil {
		return t, fmt.Errorf("the key of webhook %d: %w", w.ID, err)
	}
	t.secrets = []string{newest}
	if !FormerSigns(w, s.cfg.Now()) {
		return t, nil
	}
	former, err := get(ctx, v, w.Former)
	switch {
	case errors.Is(err, vault.ErrNotFound): // destroyed by a clock that is ahead of ours
		return t, nil
	case err != nil:
		return t, fmt.Errorf("the former key of webhook %d: %w", w.ID, err)
	}
	t.secrets = append(t.secrets, former)
	return t, nil
}

// IsLasting says whether an error of Open is one of the webhook, which another try would have, too.
func IsLasting(err error) bool {
	return errors.Is(err, vault.ErrNotFound) || errors.As(err, new(*domain.Error))
}

func get(ctx context.Context, v *vault.Vault, name string) (string, error) {
	id, err := uuid.Parse(name)
	if err != nil {
		return "", err
	}
	secret, err := v.Get(ctx, id)
	return string(secret), err
}

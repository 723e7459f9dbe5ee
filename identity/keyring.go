package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/opsledger/opsledger/eventstore/vault"
)

const (
	keyBytes = 32
	// keyCheck is how old a keyring's view of the vault may be.
	keyCheck = time.Second
	// keyRipens is how long a key is known before it signs: all processes look
	// at least every keyCheck while they are asked, so they know it by then.
	keyRipens = 3 * time.Second
)

// RandomKey makes a key for HMAC-SHA256.
func RandomKey() []byte {
	key := make([]byte, keyBytes)
	// Read fills the key or, without an entropy source, ends the program.
	_, _ = rand.Read(key)
	return key
}

// tokenKeyName is the vault's name of the nth key for tokens.
func tokenKeyName(n int) string {
	if n == 1 {
		return "jwt"
	}
	return "jwt." + strconv.Itoa(n)
}

// RotateTokenKey makes the next key for tokens and returns its number. Every
// running process takes it up within seconds. Tokens of the key before stay valid
// until they expire or the next rotation, older ones are refused: two rotations
// in a row end all tokens.
func RotateTokenKey(ctx context.Context, v *vault.Vault) (number int, err error) {
	for number = 1; ; number++ {
		if _, err := v.Find(ctx, tokenKeyName(number)); errors.Is(err, vault.ErrNotFound) {
			break
		} else if err != nil {
			return 0, fmt.Errorf("token key %d: %w", number, err)
		}
	}
	if _, err := v.Named(ctx, tokenKeyName(number), RandomKey); err != nil {
		return 0, fmt.Errorf("new token key: %w", err)
	}
	return number, nil
}

// tokenKey is a key for tokens.
type tokenKey struct {
	id     string
	secret []byte
	// since is when this process learned of the key; the first one is old.
	since time.Time
}

// keyring holds the keys that tokens are signed and verified with.
//
// Invariants:
//  1. The two latest keys verify, no other.
//  2. A key signs only when all processes know it: a token is never refused for
//     being too new.
type keyring struct {
	vault *vault.Vault
	now   func() time.Time

	mu      sync.Mutex
	number  int // of the latest key
	latest  tokenKey
	former  tokenKey // without a secret while there is only one
	checked time.Time
}

func newKeyring(ctx context.Context, v *vault.Vault) (*keyring, error) {
	secret, err := v.Named(ctx, tokenKeyName(1), RandomKey)
	if err != nil {
		return nil, fmt.Errorf("token key: %w", err)
	}
	k := &keyring{vault: v, now: time.Now, number: 1, latest: tokenKey{id: keyID(secret), secret: secret}}
	if err := k.refresh(ctx); err != nil {
		return nil, err
	}
	k.latest.since = time.Time{} // no tokens of the former key are issued by a process that just starts
	return k, nil
}

// keyID names a key without telling it.
func keyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("opsledger token key\x00"), key...))
	return hex.EncodeToString(sum[:8])
}

// signing returns the key to sign with.
func (k *keyring) signing(ctx context.Context) (tokenKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(ctx); err != nil {
		return tokenKey{}, err
	}
	if k.former.secret != nil && k.now().Sub(k.latest.since) < keyRipens {
		return k.former, nil
	}
	return k.latest, nil
}

// verifying returns the secret of the key with the id, if that key verifies.
func (k *keyring) verifying(ctx context.Context, id string) (secret []byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(ctx); err != nil {
		return nil, err
	}
	for _, key := range []tokenKey{k.latest, k.former} {
		if key.secret != nil && key.id == id {
			return key.secret, nil
		}
	}
	return nil, errUnknownKey
}

var errUnknownKey = errors.New("token of an unknown key")

// refresh takes up keys that were made since it last looked.
func (k *keyring) refresh(ctx context.Context) error {
	now := k.now()
	if now.Sub(k.checked) < keyCheck {
		return nil
	}
	for {
		secret, err := k.vault.Find(ctx, tokenKeyName(k.number+1))
		if errors.Is(err, vault.ErrNotFound) {
			k.checked = now
			return nil
		}
		if err != nil {
			return fmt.Errorf("token key: %w", err)
		}
		k.number++
		k.former, k.latest = k.latest, tokenKey{id: keyID(secret), secret: secret, since: now}
	}
}

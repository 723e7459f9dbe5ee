package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/identity/directory"
)

// Config is what a [Service] stands on.
type Config struct {
	Store *eventstore.Store
	// Vault keeps password hashes, personal keys and the keys of tokens.
	Vault *vault.Vault
	// Pool is where it is noted when credentials are used; nil notes nothing.
	Pool *pgxpool.Pool
	// Directory is the LDAP directory that vouches for its users; nil means that
	// there are local users alone.
	Directory *directory.Directory
	// Now is the time by which logins are slowed down; nil is [time.Now].
	Now func() time.Time
}

// Service knows the users of one control plane. It starts nothing and needs no closing.
type Service struct {
	*users
	*uses
	store     *eventstore.Store
	vault     *vault.Vault
	directory *directory.Directory
	passwords *passwords
	tokens    *tokens
	logins    *loginThrottle
	// enrolments slows down who guesses tokens for enrolments, by address.
	enrolments *throttle
	// loginKey keys the digests of names that nobody has.
	loginKey []byte
}

// New reads the keys from the vault, and creates them on the first start.
func New(ctx context.Context, cfg Config) (*Service, error) {
	keys, err := newKeyring(ctx, cfg.Vault)
	if err != nil {
		return nil, err
	}
	loginKey, err := cfg.Vault.Named(ctx, "login", RandomKey)
	if err != nil {
		return nil, fmt.Errorf("key of failed logins: %w", err)
	}
	// A dry run that is the first to need the key must not make it.
	if _, err := cfg.Vault.Named(ctx, keyMail, RandomKey); err != nil {
		return nil, fmt.Errorf("key of mail digests: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{
		store: cfg.Store, vault: cfg.Vault, directory: cfg.Directory,
		passwords: newPasswords(), tokens: newTokens(keys), users: newUsers(cfg.Store),
		logins: newLoginThrottle(cfg.Now), enrolments: newThrottle(enrolmentsPerAddress, enrolmentRecovers, cfg.Now), loginKey: loginKey,
		uses: &uses{pool: cfg.Pool, now: cfg.Now, noted: map[domain.CredentialID]use{}},
	}, nil
}

// keyedDigest tells texts apart without telling them to anybody without the key.
func keyedDigest(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

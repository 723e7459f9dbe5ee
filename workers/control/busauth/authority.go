package busauth

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/workers/control/signing"
)

// Config holds what an authority needs; every field is required but Log.
type Config struct {
	Store *eventstore.Store
	Vault *vault.Vault
	Log   *slog.Logger
}

// Authority signs for the bus.
//
// Invariants:
//  1. Credentials are valid only while the enrolment that they were made for is in force
//     in the log: those of every other enrolment are revoked. Those of a deleted server may
//     connect until it is enrolled again, since its agent must learn of the deletion; whoever
//     answers agents refuses it anything else.
//  2. While the log cannot be read, the state that was last read holds, so that agents
//     stay connected while Postgres is away.
type Authority struct {
	cfg  Config
	keys keys
	// signer has the keys that agents know the control plane by.
	signer *signing.Signer

	mu sync.Mutex
	// known are the enrolments that have been read so far.
	known enrolments
}

// New returns an authority with the secret in the vault, which the first call ever makes.
func New(ctx context.Context, cfg Config) (*Authority, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	secret, err := cfg.Vault.Named(ctx, secretName, newSecret)
	if err != nil {
		return nil, fmt.Errorf("read the bus secret: %w", err)
	}
	signer, err := signing.New(ctx, cfg.Vault, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Authority{
		cfg: cfg, signer: signer, keys: keys{secret}, known: enrolments{of: map[Identity][]enrolment{}, current: map[Identity]bool{}, told: map[Identity]bool{}},
	}, nil
}

// Trust is the trust that a NATS server starts with: the operator, and the accounts with
// the revocations that the log says now.
func (a *Authority) Trust(ctx context.Context) (*embeddednats.Trust, error) {
	revoked, err := a.revoked(ctx)
	if err != nil {
		return nil, err
	}
	t := &embeddednats.Trust{SystemAccount: public(a.keys.system()), Accounts: map[string]string{}}
	if t.Operator, err = a.keys.operatorJWT(); err != nil {
		return nil, err
	}
	for account, make := range map[string]func() (string, error){
		public(a.keys.system()):  a.keys.systemJWT,
		public(a.keys.control()): a.keys.controlJWT,
		public(a.keys.agents()):  func() (string, error) { return a.keys.agentsJWT(revoked) },
	} {
		if t.Accounts[account], err = make(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Signer signs what agents are told.
func (a *Authority) Signer() *signing.Signer { return a.signer }

// Writers is the key by which the writers of the control plane's processes know each other.
func (a *Authority) Writers() []byte { return a.keys.writers() }

// ControlAccount is the public key of the account that the streams are in.
func (a *Authority) ControlAccount() string { return public(a.keys.control()) }

// AsControl makes a connection the control plane's.
func (a *Authority) AsControl() nats.Option { return a.as("control", a.keys.control()) }

// asSystem makes a connection one of the system account, which talks to the servers.
func (a *Authority) asSystem() nats.Option { return a.as("system", a.keys.system()) }

func (a *Authority) as(name string, account nkeys.KeyPair) nats.Option {
	user := a.keys.user(name)
	return nats.UserJWT(
		func() (string, error) {
			claims := jwt.NewUserClaims(public(user))
			claims.Name = name
			return claims.Encode(account)
		},
		user.Sign,
	)
}

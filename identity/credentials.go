package identity

import (
	"cmp"
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// maxLookUps bounds how many tokens that this process has not seen are looked up at once:
// anybody may send one.
const maxLookUps = 4

// credentials remembers those that programs showed, as the log has them.
//
// Invariants:
//  1. As those of [users]: what the memory says of a credential is no older than 50 ms.
//  2. That nobody has a token is never remembered: the token may be made next.
type credentials struct {
	// holders never change: a token is that of one credential for ever.
	holders map[string]domain.CredentialID
	known   map[domain.CredentialID]*access.Credential
	// ended are those that are of nobody, any more or yet. Anybody may name them: what makes room
	// for them is one of them.
	ended map[domain.CredentialID]*access.Credential
	// secrets are those of TSIG keys, which never change either. What is void is not asked for.
	secrets map[domain.CredentialID][]byte
	// looking has a value for each look-up under way.
	looking chan struct{}
}

func newCredentials() credentials {
	return credentials{
		holders: map[string]domain.CredentialID{}, known: map[domain.CredentialID]*access.Credential{},
		ended:   map[domain.CredentialID]*access.Credential{},
		secrets: map[domain.CredentialID][]byte{},
		looking: make(chan struct{}, maxLookUps),
	}
}

// errNoToken says that the log has no such token.
var errNoToken = fmt.Errorf("%w: no credential has it", ErrTokenInvalid)

// tokenHolder returns the credential whose token has the digest.
func (k *users) tokenHolder(ctx context.Context, digest string) (domain.CredentialID, error) {
	k.mu.Lock()
	id, known := k.programs.holders[digest]
	k.mu.Unlock()
	if known {
		return id, nil
	}
	select {
	case k.programs.looking <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-k.programs.looking }()
	holder := access.NewTokenHolder(digest)
	if _, err := k.store.Load(ctx, holder); err != nil {
		return 0, fmt.Errorf("find credential: %w", err)
	}
	if holder.HeldBy() == 0 {
		return 0, errNoToken
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.programs.holders) >= maxUsers {
		clear(k.programs.holders)
	}
	k.programs.holders[digest] = holder.HeldBy()
	return holder.HeldBy(), nil
}

// credential returns a credential as the log had it at most [usersCheck] ago, also one that
// has ended.
func (k *users) credential(ctx context.Context, id domain.CredentialID) (*access.Credential, error) {
	if err := k.catchUp(ctx); err != nil {
		return nil, err
	}
	k.mu.Lock()
	c := cmp.Or(k.programs.known[id], k.programs.ended[id])
	k.mu.Unlock()
	if c != nil {
		return c, nil
	}
	c = access.NewCredential(id)
	at, err := k.store.Load(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("read credential %d: %w", id, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if at >= k.at {
		k.programs.remember(id, c)
	}
	return c, nil
}

func (m *credentials) remember(id domain.CredentialID, c *access.Credential) {
	into := m.known
	if c.User == 0 {
		into = m.ended
	}
	if len(into) >= maxUsers {
		clear(into)
	}
	into[id] = c
}

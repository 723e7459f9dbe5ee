package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore/vault"
)

// TSIGKey is a key that signs DNS messages (RFC 8945), with the user that it acts for.
type TSIGKey struct {
	// User is within the bounds of the key's credential.
	User *User
	// Name is the key's name in the DNS, without a final dot.
	Name string
	// Algorithm is hmac-sha256, -sha384 or -sha512.
	Algorithm string
	Secret    []byte
}

// TSIGKey returns the key of that name in the DNS, compared without case and final dot. The error
// is [ErrTokenInvalid] where no credential that may be used now has the name, or what stood in
// the way of an answer.
func (s *Service) TSIGKey(ctx context.Context, name string) (*TSIGKey, error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	id, err := idOfKey(name)
	if err != nil {
		return nil, err
	}
	if !s.Remembers(name) {
		leave, err := s.lookUp(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	user, err := s.program(ctx, id)
	if err != nil {
		return nil, err
	}
	c := user.Credential
	if c.Secret == "" || strings.ToLower(TSIGKeyName(c.Name, id)) != name {
		return nil, fmt.Errorf("%w: credential %d has another name, or is no key", ErrTokenInvalid, id)
	}
	secret, err := s.secretOf(ctx, id, c.Secret)
	if err != nil {
		return nil, err
	}
	return &TSIGKey{User: user, Name: name, Algorithm: c.Algorithm, Secret: secret}, nil
}

// Remembers says whether a key of that name would be looked for in the memory alone: there is a
// credential of somebody's with the id that the name has.
func (s *Service) Remembers(name string) bool {
	id, err := idOfKey(strings.TrimSuffix(name, "."))
	if err != nil {
		return false
	}
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	return s.programs.known[id] != nil
}

// idOfKey reads the id from a key's name, see [TSIGKeyName].
func idOfKey(name string) (domain.CredentialID, error) {
	digits := name[strings.LastIndexByte(name, '-')+1:]
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id < 1 || len(digits) == len(name) || strconv.FormatInt(id, 10) != digits {
		return 0, fmt.Errorf("%w: no key is called so", ErrTokenInvalid)
	}
	return domain.CredentialID(id), nil
}

// lookUp waits for one of the look-ups that may be under way at once: anybody may ask for a key.
func (s *Service) lookUp(ctx context.Context) (leave func(), err error) {
	select {
	case s.programs.looking <- struct{}{}:
		return func() { <-s.programs.looking }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// secretOf opens the secret of a credential that holds.
func (s *Service) secretOf(ctx context.Context, id domain.CredentialID, sealed string) ([]byte, error) {
	s.users.mu.Lock()
	secret := s.programs.secrets[id]
	s.users.mu.Unlock()
	if secret != nil {
		return secret, nil
	}
	key, err := uuid.Parse(sealed)
	if err != nil {
		return nil, fmt.Errorf("secret of credential %d: %w", id, err)
	}
	text, err := s.vault.Get(ctx, key)
	if errors.Is(err, vault.ErrNotFound) { // it has been deleted just now
		return nil, fmt.Errorf("%w: credential %d has no secret any more", ErrTokenInvalid, id)
	}
	if err != nil {
		return nil, fmt.Errorf("secret of credential %d: %w", id, err)
	}
	if secret, err = base64.StdEncoding.DecodeString(string(text)); err != nil {
		return nil, fmt.Errorf("secret of credential %d: %w", id, err)
	}
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	if len(s.programs.secrets) >= maxUsers {
		clear(s.programs.secrets)
	}
	s.programs.secrets[id] = secret
	return secret, nil
}

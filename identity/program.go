package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

const (
	// programToken begins each token of a program, so that it is told from those of logins,
	// and found where it should not lie.
	programToken = "olk_"
	tokenBytes   = 32
	// kindTSIG is what the vault calls secrets of TSIG keys.
	kindTSIG = "tsig"
)

// IsProgramToken says whether a text has the form of a program's token.
func IsProgramToken(text string) bool { return strings.HasPrefix(text, programToken) }

// isWellFormed says whether a token is such as [NewProgramToken] makes: what is not costs no
// look at the log.
func isWellFormed(token string) bool {
	random, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(token, programToken))
	return err == nil && len(random) == tokenBytes
}

// NewProgramToken makes a token of 256 random bits, and the digest that it is found by.
func NewProgramToken() (token, digest string) {
	token = programToken + randomText(tokenBytes)
	return token, tokenDigest(token)
}

// randomText is some random bytes in letters, digits, "-" and "_".
func randomText(bytes int) string {
	random := make([]byte, bytes)
	_, _ = rand.Read(random) // which ends the program rather than fail
	return base64.RawURLEncoding.EncodeToString(random)
}

func tokenDigest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// tsigBytes are the lengths of secrets: that of the algorithm's hash (RFC 8945, section 6).
var tsigBytes = map[string]int{"hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}

// SealTSIG makes a secret for a TSIG key, in base64 as DNS programs take it, and puts it into
// the vault under the returned id.
func (s *Service) SealTSIG(ctx context.Context, algorithm string) (secret string, id uuid.UUID, err error) {
	random := make([]byte, tsigBytes[algorithm])
	_, _ = rand.Read(random)
	secret = base64.StdEncoding.EncodeToString(random)
	if id, err = s.vault.Put(ctx, kindTSIG, []byte(secret)); err != nil {
		return "", id, fmt.Errorf("keep TSIG secret: %w", err)
	}
	return secret, id, nil
}

// TSIGKeyName is the name of a TSIG key in the DNS.
func TSIGKeyName(name string, id domain.CredentialID) string {
	return fmt.Sprintf("%s-%d", name, id)
}

// authenticateProgram returns the user that a program's token acts for, within its bounds.
func (s *Service) authenticateProgram(ctx context.Context, token string) (*User, error) {
	if !isWellFormed(token) {
		return nil, errNoToken
	}
	id, err := s.tokenHolder(ctx, tokenDigest(token))
	if err != nil {
		return nil, err
	}
	return s.program(ctx, id)
}

// program returns the user of a credential, within its bounds.
func (s *Service) program(ctx context.Context, id domain.CredentialID) (*User, error) {
	credential, err := s.credential(ctx, id)
	if err != nil {
		return nil, err
	}
	if !credential.Holds(s.users.now()) {
		return nil, fmt.Errorf("%w: credential %d has ended", ErrTokenInvalid, id)
	}
	user, err := s.User(ctx, credential.User)
	if errors.Is(err, ErrNoUser) {
		return nil, fmt.Errorf("%w: no user %d", ErrTokenInvalid, credential.User)
	}
	if err != nil {
		return nil, fmt.Errorf("find user %d: %w", credential.User, err)
	}
	return user.within(credential), nil
}

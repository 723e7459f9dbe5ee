package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/opsledger/opsledger/domain"
)

// What [Service.Authenticate] returns for a token that is none, or no longer;
// ErrTokenExpired is wrapped as well where that is the reason.
var (
	ErrTokenInvalid = errors.New("token is invalid")
	ErrTokenExpired = jwt.ErrTokenExpired
)

const (
	tokenLife = 24 * time.Hour
	// clockSkew is how far the clocks of two processes may differ: one issues what
	// the other reads at once.
	clockSkew = time.Minute
)

// claims are a token's claims; user is for the client, the id decides.
type claims struct {
	User string `json:"user"`
	jwt.RegisteredClaims
}

// holder is whom a token was given to. It names the user's id, never the name,
// which may pass to someone else.
type holder struct {
	ID domain.UserID
	// Generation is that of the user when the token was given, see [generation].
	Generation string
	// Expires is when the token ends.
	Expires time.Time
	// Session names the token, without being of use to anybody, see [access.SessionEnded].
	Session string
}

// generation changes with a user's password and roles, and with it the tokens
// from before end. It tells neither vault ids nor positions.
func generation(hashID string, revoked domain.Position) string {
	sum := sha256.Sum256([]byte("opsledger credential\x00" + hashID + "\x00" + strconv.FormatInt(int64(revoked), 10)))
	return hex.EncodeToString(sum[:6])
}

// tokens issues and reads JSON web tokens.
//
// Invariants:
//  1. Only HS256 with the key that the header's kid names is accepted.
//  2. A token without exp, or past it, is refused.
//  3. A token of the future is refused, but not for clocks that differ a little.
type tokens struct {
	keys   *keyring
	parser *jwt.Parser
}

func newTokens(keys *keyring) *tokens {
	return &tokens{
		keys: keys,
		parser: jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired()),
	}
}

// issue returns a token for the holder, valid for 24 h from now.
func (t *tokens) issue(ctx context.Context, h holder, username string, now time.Time) (string, error) {
	key, err := t.keys.signing(ctx)
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		User: username,
		RegisteredClaims: jwt.RegisteredClaims{
			ExpiresAt: jwt.NewNumericDate(now.Add(tokenLife)),
			IssuedAt:  jwt.NewNumericDate(now),
			ID:        fmt.Sprintf("%d.%s.%s", h.ID, h.Generation, rand.Text()),
		},
	})
	token.Header["kid"] = key.id
	text, err := token.SignedString(key.secret)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return text, nil
}

// read returns the holder of a valid token. The error is [ErrTokenInvalid] with
// the reason, for the log, or that of the vault.
func (t *tokens) read(ctx context.Context, text string) (holder, error) {
	var c claims
	var vaultErr error
	_, err := t.parser.ParseWithClaims(text, &c, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		secret, err := t.keys.verifying(ctx, kid)
		if err != nil && !errors.Is(err, errUnknownKey) {
			vaultErr = err
		}
		return secret, err
	})
	switch {
	case vaultErr != nil:
		return holder{}, vaultErr
	case err != nil:
		return holder{}, fmt.Errorf("%w: %w", ErrTokenInvalid, err)
	case c.IssuedAt != nil && time.Until(c.IssuedAt.Time) > clockSkew:
		return holder{}, fmt.Errorf("%w: issued at %v, in the future", ErrTokenInvalid, c.IssuedAt)
	}
	h, err := parseTokenID(c.ID)
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrTokenInvalid, err)
	}
	h.Expires, h.Session = c.ExpiresAt.Time, tokenDigest(c.ID) // exp is what the parser requires
	return h, nil
}

func parseTokenID(jti string) (holder, error) {
	parts := strings.Split(jti, ".")
	if len(parts) != 3 {
		return holder{}, errors.New("token id has another form")
	}
	id, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return holder{}, fmt.Errorf("token id: %w", err)
	}
	return holder{ID: domain.UserID(id), Generation: parts[1]}, nil
}

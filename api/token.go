package api

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
	"github.com/opsledger/opsledger/eventstore/vault"
)

const (
	tokenLife = 24 * time.Hour
	keyBytes  = 32
)

// randomKey makes a key for HMAC-SHA256.
func randomKey() []byte {
	key := make([]byte, keyBytes)
	// Read fills the key or, without an entropy source, ends the program.
	_, _ = rand.Read(key)
	return key
}

// claims are a token's claims; user is for the client, the id decides.
type claims struct {
	User string `json:"user"`
	jwt.RegisteredClaims
}

// holder is whom a token was given to. It names the user's id, never the name,
// which may pass to someone else.
type holder struct {
	ID domain.UserID
	// Generation is that of the user's credential, see [generation]: with the
	// password change the tokens that were had for the old one.
	Generation string
}

// generation tells a user's credentials apart without telling their vault ids.
func generation(credential string) string {
	sum := sha256.Sum256([]byte("opsledger credential\x00" + credential))
	return hex.EncodeToString(sum[:6])
}

// tokens issues and reads JSON web tokens.
//
// Invariants:
//  1. Only HS256 with the key that the header's kid names is accepted.
//  2. A token without exp, or past it, is refused.
type tokens struct {
	// keys by id; current signs, all of them verify, so that a key can be
	// replaced while old tokens live on.
	keys    map[string][]byte
	current string
	parser  *jwt.Parser
}

func newTokens(ctx context.Context, v *vault.Vault) (*tokens, error) {
	key, err := v.Named(ctx, "jwt", randomKey)
	if err != nil {
		return nil, fmt.Errorf("token key: %w", err)
	}
	return tokensWith(key), nil
}

// tokensWith signs with the first key and accepts all.
func tokensWith(keys ...[]byte) *tokens {
	t := &tokens{
		keys:    map[string][]byte{},
		current: keyID(keys[0]),
		parser: jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt()),
	}
	for _, key := range keys {
		t.keys[keyID(key)] = key
	}
	return t
}

// keyID names a key without telling it.
func keyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("opsledger token key\x00"), key...))
	return hex.EncodeToString(sum[:8])
}

// issue returns a token for the holder, valid for 24 h from now.
func (t *tokens) issue(h holder, username string, now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		User: username,
		RegisteredClaims: jwt.RegisteredClaims{
			ExpiresAt: jwt.NewNumericDate(now.Add(tokenLife)),
			IssuedAt:  jwt.NewNumericDate(now),
			ID:        fmt.Sprintf("%d.%s.%s", h.ID, h.Generation, rand.Text()),
		},
	})
	token.Header["kid"] = t.current
	text, err := token.SignedString(t.keys[t.current])
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return text, nil
}

// read returns the holder of a valid token. The error says why it is not valid, for the log.
func (t *tokens) read(text string) (holder, error) {
	var c claims
	if _, err := t.parser.ParseWithClaims(text, &c, t.key); err != nil {
		return holder{}, err
	}
	return parseTokenID(c.ID)
}

func (t *tokens) key(token *jwt.Token) (any, error) {
	kid, _ := token.Header["kid"].(string)
	key, ok := t.keys[kid]
	if !ok {
		return nil, errors.New("token of an unknown key")
	}
	return key, nil
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

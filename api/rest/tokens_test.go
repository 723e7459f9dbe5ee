package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/identity"
)

// clockSkew is how far the clock of whoever issued a token may be ahead.
const clockSkew = time.Minute

// claims are those of a token.
type claims struct {
	User string `json:"user"`
	jwt.RegisteredClaims
}

// generation is what a token's id has of its user's credential, as a forger who
// read the source would make it.
func generation(hashID string, revoked domain.Position) string {
	sum := sha256.Sum256([]byte("opsledger credential\x00" + hashID + "\x00" + strconv.FormatInt(int64(revoked), 10)))
	return hex.EncodeToString(sum[:6])
}

// tokenKey returns the key that tokens are signed with, and its name in them.
func (s *stack) tokenKey() (key []byte, kid string) {
	s.t.Helper()
	key, err := s.cfg.Vault.Named(s.t.Context(), "jwt", identity.RandomKey)
	must(s.t, err)
	token, _, err := jwt.NewParser().ParseUnverified(s.admin, jwt.MapClaims{})
	must(s.t, err)
	return key, token.Header["kid"].(string)
}

package signing

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"strconv"

	"github.com/opsledger/opsledger/internal/pinned"
)

// secretName is the vault's name of the nth set's secret.
func secretName(n int) string {
	if n == 1 {
		return "agents"
	}
	return "agents." + strconv.Itoa(n)
}

func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	return secret
}

// keySet is the keys that are made of one secret. Each key's seed is the HMAC-SHA-256 of a
// label under the secret, so that no key tells anything about another.
type keySet struct {
	sign ed25519.PrivateKey
	bus  pinned.Certificate
}

func newKeySet(secret []byte) (keySet, error) {
	certificate, err := pinned.New(derive(secret, "bus tls"))
	return keySet{sign: derive(secret, "signature"), bus: certificate}, err
}

func derive(secret []byte, label string) ed25519.PrivateKey {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("opsledger agents\x00" + label))
	return ed25519.NewKeyFromSeed(mac.Sum(nil))
}

func (k keySet) public() ed25519.PublicKey {
	key, ok := k.sign.Public().(ed25519.PublicKey)
	if !ok {
		panic("the public half of an Ed25519 key is one") // it always is
	}
	return key
}

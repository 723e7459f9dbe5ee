package busauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/nats-io/nkeys"

	"github.com/opsledger/opsledger/domain"
)

// secretName is the vault's name of the secret that all keys are derived from.
const secretName = "bus"

func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	return secret
}

// keys are all keys of the bus. Each pair is an Ed25519 key whose seed is the HMAC-SHA-256
// of a label under the secret, so that no key tells anything about another.
type keys struct{ secret []byte }

func (k keys) operator() nkeys.KeyPair { return k.pair(nkeys.PrefixByteOperator, "operator") }
func (k keys) system() nkeys.KeyPair   { return k.pair(nkeys.PrefixByteAccount, "account system") }
func (k keys) control() nkeys.KeyPair  { return k.pair(nkeys.PrefixByteAccount, "account control") }
func (k keys) agents() nkeys.KeyPair   { return k.pair(nkeys.PrefixByteAccount, "account agents") }

// signer is the scoped key that signs the credentials of agents of a kind, and gives them
// that kind's permissions.
func (k keys) signer(kind Kind) nkeys.KeyPair {
	return k.pair(nkeys.PrefixByteAccount, "signer "+string(kind))
}

// user is the key of the control plane itself in one of its accounts.
func (k keys) user(account string) nkeys.KeyPair {
	return k.pair(nkeys.PrefixByteUser, "user "+account)
}

// agent is an agent's key for one enrolment.
func (k keys) agent(who Identity, enrolment domain.Position) nkeys.KeyPair {
	return k.pair(nkeys.PrefixByteUser, fmt.Sprintf("agent %s %d", who, enrolment))
}

// writers is the key by which the writers of the control plane's processes know each other.
func (k keys) writers() []byte { return k.sum("writers") }

func (k keys) sum(label string) []byte {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte("opsledger bus\x00" + label))
	return mac.Sum(nil)
}

func (k keys) pair(prefix nkeys.PrefixByte, label string) nkeys.KeyPair {
	seed, err := nkeys.EncodeSeed(prefix, k.sum(label))
	if err != nil {
		panic(err) // the prefixes are those of seeds, and a sum has the right length
	}
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		panic(err)
	}
	return pair
}

// public is the public part of a pair of ours.
func public(pair nkeys.KeyPair) string {
	key, err := pair.PublicKey()
	if err != nil {
		panic(err) // only wiped pairs have none
	}
	return key
}

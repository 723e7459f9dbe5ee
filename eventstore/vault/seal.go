package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

var errSealed = errors.New("vault: the sealed value cannot be opened: another key, another place, or damaged")

// sealer seals with one key. The label is bound to what is sealed: a sealed
// value that is moved to another place does not open.
//
// Nonces are random; with 96 bits, 2³² values under one key are safe.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, fmt.Errorf("vault: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

// seal returns the nonce and the sealed value.
func (s sealer) seal(label string, plain []byte) []byte {
	return s.aead.Seal(nil, nil, plain, []byte(label))
}

func (s sealer) open(label string, sealed []byte) ([]byte, error) {
	plain, err := s.aead.Open(nil, nil, sealed, []byte(label))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

func newKey() []byte {
	key := make([]byte, keyBytes)
	rand.Read(key) // never fails, see its documentation
	return key
}

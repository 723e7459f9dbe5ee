package protocol

import (
	"crypto/ed25519"
	"testing"

	"github.com/google/uuid"
)

func sealedEvents() (payloads [][]byte, keys []ed25519.PrivateKey) {
	for i := range MaxSealed {
		payloads = append(payloads, make([]byte, 400+i))
	}
	return payloads, []ed25519.PrivateKey{testKey(1)}
}

// BenchmarkSeal and BenchmarkVerify are about as many events as share a signature.
func BenchmarkSeal(b *testing.B) {
	payloads, keys := sealedEvents()
	for b.Loop() {
		Seal(uuid.UUID{}, keys, payloads)
	}
}

func BenchmarkVerify(b *testing.B) {
	payloads, keys := sealedEvents()
	seals := Seal(uuid.UUID{}, keys, payloads)
	for b.Loop() {
		r := SealReader{Key: publicHalf(keys[0])}
		for i, payload := range payloads {
			if err := r.Verify(uuid.UUID{}, payload, seals[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

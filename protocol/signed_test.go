package protocol

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func testKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, ed25519.SeedSize))
}

func publicHalf(key ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := key.Public().(ed25519.PublicKey)
	return public
}

// An answer is genuine for one asker, one nonce, one question, one purpose and as it is.
func TestAnswersAreGenuineForOneQuestion(t *testing.T) {
	t.Parallel()
	former, latest := testKey(1), testKey(2)
	q := Question{Asker: 7, Nonce: Nonce{1, 2}, Body: []byte(`{"after":0}`)}
	answer := []byte(`{"attempts":[]}`)
	header := q.Sign(ForWork, []ed25519.PrivateKey{latest, former}, answer)
	for _, key := range []ed25519.PrivateKey{former, latest} {
		if err := q.Verify(ForWork, publicHalf(key), answer, header); err != nil {
			t.Fatalf("an answer with two signatures: %v", err)
		}
	}
	key := publicHalf(latest)
	other := q
	refused := map[string]error{
		"another key":      q.Verify(ForWork, publicHalf(testKey(3)), answer, header),
		"no key":           q.Verify(ForWork, nil, answer, header),
		"another purpose":  q.Verify(ForReceipt, key, answer, header),
		"another answer":   q.Verify(ForWork, key, append(slices.Clone(answer), ' '), header),
		"no answer":        q.Verify(ForWork, key, nil, header),
		"no signature":     q.Verify(ForWork, key, answer, ""),
		"half a signature": q.Verify(ForWork, key, answer, header[:40]),
		"many signatures":  q.Verify(ForWork, key, answer, strings.Repeat("A,", 1000)+header),
	}
	other.Asker = 8
	refused["another asker"] = other.Verify(ForWork, key, answer, header)
	other = q
	other.Nonce[31]++
	refused["another nonce"] = other.Verify(ForWork, key, answer, header)
	other = q
	other.Body = []byte(`{"after":9}`)
	refused["another question"] = other.Verify(ForWork, key, answer, header)
	for what, err := range refused {
		if !errors.Is(err, ErrNotGenuine) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestNonce(t *testing.T) {
	t.Parallel()
	n := Nonce{1, 31: 9}
	if got, ok := ParseNonce(n.String()); !ok || got != n {
		t.Errorf("%v, %v", got, ok)
	}
	for _, text := range []string{"", "AAAA", "?", n.String() + n.String()} {
		if _, ok := ParseNonce(text); ok {
			t.Errorf("%q is a nonce", text)
		}
	}
}

func TestSeals(t *testing.T) {
	t.Parallel()
	key, log := testKey(1), uuid.New()
	for n := 1; n <= MaxSealed; n++ {
		var payloads [][]byte
		for i := range n {
			payloads = append(payloads, fmt.Appendf(nil, "event %d", i))
		}
		seals := Seal(log, []ed25519.PrivateKey{key}, payloads)
		r := SealReader{Key: publicHalf(key)}
		for i, payload := range payloads {
			if err := r.Verify(log, payload, seals[i]); err != nil {
				t.Fatalf("event %d of %d: %v", i, n, err)
			}
			for what, err := range map[string]error{
				"another payload": r.Verify(log, append(slices.Clone(payload), 'x'), seals[i]),
				"another log":     r.Verify(uuid.New(), payload, seals[i]),
				"no seal":         r.Verify(log, payload, ""),
				"another key":     (&SealReader{Key: publicHalf(testKey(2))}).Verify(log, payload, seals[i]),
			} {
				if !errors.Is(err, ErrNotGenuine) {
					t.Errorf("event %d of %d, %s: %v", i, n, what, err)
				}
			}
			if next := (i + 1) % n; next != i && r.Verify(log, payload, seals[next]) == nil {
				t.Errorf("event %d of %d passes with the seal of another", i, n)
			}
		}
	}
}

// FuzzSeal: nothing but a seal is a seal, and nothing panics.
func FuzzSeal(f *testing.F) {
	key, log := testKey(1), uuid.UUID{1}
	payload := []byte("event")
	seals := Seal(log, []ed25519.PrivateKey{key}, [][]byte{payload, []byte("other")})
	f.Add(seals[0], payload)
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, seal string, text []byte) {
		r := SealReader{Key: publicHalf(key)}
		if r.Verify(log, text, seal) == nil && (string(text) != "event" && string(text) != "other") {
			t.Errorf("%q passes for %q", seal, text)
		}
	})
}

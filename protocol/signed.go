package protocol

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// What an agent is told to do is signed by the control plane, so that whoever runs the
// bus, or stands in its middle, can delay and withhold orders, and give none.
//
// A signature is Ed25519ctx (RFC 8032) by a key whose public half is in the agent's
// credentials. Its context is the [Purpose], so that what was signed for one use is worth
// nothing for another. Signatures travel in headers, in base64 (RFC 4648, padded);
// several are separated by commas, since a key that is replaced signs beside its
// successor for a while. One that is valid is enough.

// Purpose is what something is signed for.
type Purpose string

// The purposes. Their texts are signed; another form of what is signed gets another text.
const (
	ForWork     Purpose = "opsledger host work 1"
	ForReceipt  Purpose = "opsledger host receipt 1"
	ForSnapshot Purpose = "opsledger snapshot 1"
	ForSecrets  Purpose = "opsledger secrets 1"
	ForCheck    Purpose = "opsledger check 1"
	ForEvents   Purpose = "opsledger events 1"
	ForSession  Purpose = "opsledger session 1"
	ForOffers   Purpose = "opsledger offers 1"
	ForDrift    Purpose = "opsledger drift 1"
)

const (
	// HeaderNonce is the header of a question that has its [Nonce], in base64.
	HeaderNonce = "Opsledger-Nonce"
	// HeaderSignature is the header of an answer that has its signatures.
	HeaderSignature = "Opsledger-Signature"
)

// ErrNotGenuine says that a message does not bear a signature of the control plane for
// this asker and this question.
var ErrNotGenuine = errors.New("the control plane did not sign this")

// Nonce is random and makes a question differ from all others.
type Nonce [32]byte

// String is the nonce's form in a header.
func (n Nonce) String() string { return base64.StdEncoding.EncodeToString(n[:]) }

// ParseNonce reads a header.
func ParseNonce(text string) (n Nonce, ok bool) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	return n, err == nil && copy(n[:], raw) == len(n) && len(raw) == len(n)
}

// Question is what an answer is signed over beside itself: the id of the agent that asks,
// its nonce, and all that it asked. So an answer to somebody else, to another question, or
// to an earlier one is not genuine. What an agent is told without having asked is signed
// over a question with the agent's id alone.
type Question struct {
	Asker int64
	Nonce Nonce
	Body  []byte
}

// signed is what is signed: the asker (uint64, big endian), the nonce (32 bytes), the
// SHA-256 of the question's body (32 bytes), and the answer, byte for byte.
func (q Question) signed(answer []byte) []byte {
	body := sha256.Sum256(q.Body)
	text := make([]byte, 0, 8+len(q.Nonce)+len(body)+len(answer))
	text = binary.BigEndian.AppendUint64(text, uint64(q.Asker))
	text = append(append(text, q.Nonce[:]...), body[:]...)
	return append(text, answer...)
}

// Sign returns the text of an answer's signature header.
func (q Question) Sign(p Purpose, keys []ed25519.PrivateKey, answer []byte) string {
	return encodeSignatures(sign(p, keys, q.signed(answer)))
}

// Verify returns nil if the key signed this answer to this question, else ErrNotGenuine.
func (q Question) Verify(p Purpose, key ed25519.PublicKey, answer []byte, header string) error {
	return verify(p, key, q.signed(answer), decodeSignatures(header))
}

// sign returns a signature by each key, one behind the other.
func sign(p Purpose, keys []ed25519.PrivateKey, text []byte) []byte {
	var all []byte
	for _, key := range keys {
		signature, err := key.Sign(nil, text, &ed25519.Options{Context: string(p)})
		if err != nil {
			panic(err) // only for a context that is too long
		}
		all = append(all, signature...)
	}
	return all
}

// maxSignatures bounds how many signatures are tried: two keys are valid at a time.
const maxSignatures = 4

func verify(p Purpose, key ed25519.PublicKey, text, signatures []byte) error {
	if len(key) != ed25519.PublicKeySize || len(signatures) > maxSignatures*ed25519.SignatureSize {
		return ErrNotGenuine
	}
	for len(signatures) >= ed25519.SignatureSize {
		if ed25519.VerifyWithOptions(key, text, signatures[:ed25519.SignatureSize], &ed25519.Options{Context: string(p)}) == nil {
			return nil
		}
		signatures = signatures[ed25519.SignatureSize:]
	}
	return ErrNotGenuine
}

func encodeSignatures(all []byte) string {
	var texts []string
	for ; len(all) > 0; all = all[ed25519.SignatureSize:] {
		texts = append(texts, base64.StdEncoding.EncodeToString(all[:ed25519.SignatureSize]))
	}
	return strings.Join(texts, ",")
}

// decodeSignatures returns nil for what is not a list of signatures.
func decodeSignatures(header string) (all []byte) {
	for text := range strings.SplitSeq(header, ",") {
		one, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(one) != ed25519.SignatureSize || len(all) >= maxSignatures*ed25519.SignatureSize {
			return nil
		}
		all = append(all, one...)
	}
	return all
}

package protocol

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"

	"github.com/google/uuid"
)

// HeaderSeal is the header of an event's message that has its seal.
const HeaderSeal = "Opsledger-Seal"

// An event's seal says that the event is one of the log. The relay seals the events that
// it publishes together with one signature, over the root of a hash tree of their
// payloads (as in RFC 6962: SHA-256 of 0x00 and the payload for a leaf, of 0x01 and both
// halves for a node). So a signature costs little for each event, and each message can be
// verified without the others.
//
// The seal is, in base64: how many hashes follow (one byte); on which side each of them
// stands (one byte; bit n is set if hash n stands left); the hashes from the leaf up to
// the root (32 bytes each); and the signatures (64 bytes each) of the log's id (16 bytes)
// and the root, for the purpose [ForEvents]. The payload has the event's position and that
// of the event before, so that order and gaps need no seal.

// MaxSealed bounds the events that share a signature.
const MaxSealed = 64

// maxPath is the height of a tree with MaxSealed leaves.
const maxPath = 6

type hash = [sha256.Size]byte

// Seal returns the seals of the payloads, at most MaxSealed.
func Seal(log uuid.UUID, keys []ed25519.PrivateKey, payloads [][]byte) []string {
	paths := make([]path, len(payloads))
	level := make([]subtree, len(payloads))
	for i, payload := range payloads {
		level[i] = subtree{leafHash(payload), []int{i}}
	}
	for len(level) > 1 {
		level = joinPairs(level, paths)
	}
	signatures := sign(ForEvents, keys, sealed(log, level[0].hash))
	seals := make([]string, len(paths))
	for i, p := range paths {
		seals[i] = base64.StdEncoding.EncodeToString(append(p.encode(), signatures...))
	}
	return seals
}

// subtree is the root of a part of the tree, and the leaves below it.
type subtree struct {
	hash   hash
	leaves []int
}

// joinPairs makes the next level; a last one without a partner moves up.
func joinPairs(level []subtree, paths []path) (next []subtree) {
	for ; len(level) > 1; level = level[2:] {
		left, right := level[0], level[1]
		for _, i := range left.leaves {
			paths[i].add(right.hash, false)
		}
		for _, i := range right.leaves {
			paths[i].add(left.hash, true)
		}
		next = append(next, subtree{nodeHash(left.hash, right.hash), append(left.leaves, right.leaves...)})
	}
	return append(next, level...)
}

// path leads from a leaf to the root.
type path struct {
	hashes []hash
	left   byte
}

func (p *path) add(h hash, left bool) {
	if left {
		p.left |= 1 << len(p.hashes)
	}
	p.hashes = append(p.hashes, h)
}

func (p path) encode() []byte {
	b := []byte{byte(len(p.hashes)), p.left}
	for _, h := range p.hashes {
		b = append(b, h[:]...)
	}
	return b
}

// root follows the path from a leaf.
func (p path) root(h hash) hash {
	for i, other := range p.hashes {
		if p.left&(1<<i) != 0 {
			h = nodeHash(other, h)
		} else {
			h = nodeHash(h, other)
		}
	}
	return h
}

// decodeSeal returns the path and the signatures of a seal.
func decodeSeal(text string) (p path, signatures []byte, ok bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 2 || b[0] > maxPath || len(b) < 2+int(b[0])*sha256.Size {
		return path{}, nil, false
	}
	p.hashes, p.left = make([]hash, b[0]), b[1]
	b = b[2:]
	for i := range p.hashes {
		b = b[copy(p.hashes[i][:], b):]
	}
	return p, b, true
}

func leafHash(payload []byte) hash {
	d := sha256.New()
	d.Write([]byte{0})
	d.Write(payload)
	return hash(d.Sum(nil))
}

func nodeHash(left, right hash) hash {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func sealed(log uuid.UUID, root hash) []byte { return append(log[:], root[:]...) }

// SealReader verifies seals. One goroutine uses it. It remembers the root that it
// verified last, so that events that were sealed together cost one verification.
type SealReader struct {
	Key  ed25519.PublicKey
	last hash
	log  uuid.UUID
}

// Verify returns nil if the payload is that of an event of the log, else ErrNotGenuine.
func (r *SealReader) Verify(log uuid.UUID, payload []byte, seal string) error {
	p, signatures, ok := decodeSeal(seal)
	if !ok {
		return ErrNotGenuine
	}
	root := p.root(leafHash(payload))
	if root == r.last && log == r.log {
		return nil
	}
	if err := verify(ForEvents, r.Key, sealed(log, root), signatures); err != nil {
		return err
	}
	r.last, r.log = root, log
	return nil
}

package eventstore

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/opsledger/opsledger/protocol"
)

// hashDomain starts every encoding. Another encoding would get another version.
const hashDomain = "opsledger event v1\n"

// EncodeForHash returns the bytes that stand for an event in hashes, signatures
// and proofs; docs/proof.md tells strangers of them. They cover every column and are fixed for ever:
//
//	"opsledger event v1\n"
//	position prev            int64, big endian, as all numbers
//	more more_own            uint32
//	id                       16 bytes
//	type context             length in bytes as uint32, then UTF-8
//	schema                   uint32
//	key                      int64
//	tags                     their number as uint32, then each as type is written
//	data                     length as uint32, then the bytes as they were first written
//	actor credential         int64
//	door                     as type is written
//	command_id               16 bytes
//	causation                int64
//	correlation              16 bytes
//	recorded_at              microseconds since 1970 UTC, int64
//
// No hash of an event was kept or published before the encoding had this form, so that it
// is the only one, also for the events of before.
func EncodeForHash(e *protocol.Envelope) []byte {
	return appendForHash(make([]byte, 0, len(hashDomain)+len(e.Data)+256), e)
}

func appendForHash(b []byte, e *protocol.Envelope) []byte {
	b = append(b, hashDomain...)
	b = appendInt(b, int64(e.Position))
	b = appendInt(b, int64(e.Prev))
	b = binary.BigEndian.AppendUint32(b, uint32(e.More))
	b = binary.BigEndian.AppendUint32(b, uint32(e.MoreOwn))
	b = append(b, e.ID[:]...)
	b = appendText(b, e.Type)
	b = appendText(b, string(e.Context))
	b = binary.BigEndian.AppendUint32(b, uint32(e.Schema))
	b = appendInt(b, e.Key)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Tags)))
	for _, t := range e.Tags {
		b = appendText(b, string(t))
	}
	b = appendText(b, string(e.Data))
	b = appendInt(b, int64(e.Actor))
	b = appendInt(b, int64(e.Credential))
	b = appendText(b, string(e.Door))
	b = append(b, e.CommandID[:]...)
	b = appendInt(b, int64(e.Causation))
	b = append(b, e.Correlation[:]...)
	return appendInt(b, e.RecordedAt.UnixMicro())
}

// EntrySize is the size of an event's entry in the log's Merkle tree.
const EntrySize = 8 + sha256.Size

// Entry returns what stands for an event in the log's Merkle tree: its position (uint64,
// big endian) and the SHA-256 of its encoding. So entries tell nothing of what events say,
// and all have one size, however large an event is.
func Entry(e *protocol.Envelope) [EntrySize]byte { return treeEntry(e, EncodeForHash(e)) }

func treeEntry(e *protocol.Envelope, encoding []byte) (entry [EntrySize]byte) {
	binary.BigEndian.PutUint64(entry[:], uint64(e.Position))
	digest := sha256.Sum256(encoding)
	copy(entry[8:], digest[:])
	return entry
}

// LeafHash is the event's leaf in that tree: RFC 6962 puts a zero byte before an
// entry, so that no inner node can pass for a leaf.
func LeafHash(e *protocol.Envelope) [sha256.Size]byte { return treeLeaf(Entry(e)) }

func treeLeaf(entry [EntrySize]byte) [sha256.Size]byte {
	var leaf [1 + EntrySize]byte
	copy(leaf[1:], entry[:])
	return sha256.Sum256(leaf[:])
}

func appendInt(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

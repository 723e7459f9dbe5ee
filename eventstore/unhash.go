package eventstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

var errEncoding = errors.New("not the encoding of an event")

// DecodeForHash is the reverse of [EncodeForHash]. What it returns has exactly these bytes.
func DecodeForHash(b []byte) (protocol.Envelope, error) {
	rest, ok := strings.CutPrefix(string(b), hashDomain)
	if !ok {
		return protocol.Envelope{}, errEncoding
	}
	r := hashReader{rest: rest}
	e := protocol.Envelope{
		Position: domain.Position(r.int64()), Prev: domain.Position(r.int64()), More: int(r.uint32()), MoreOwn: int(r.uint32()), ID: r.uuid(),
		Type: r.text(), Context: domain.Context(r.text()), Schema: int(r.uint32()), Key: r.int64(), Tags: r.tags(), Data: []byte(r.text()),
		Actor: domain.UserID(r.int64()), Credential: domain.CredentialID(r.int64()), Door: domain.Door(r.text()), CommandID: r.uuid(),
		Causation: domain.Position(r.int64()), Correlation: r.uuid(), RecordedAt: time.UnixMicro(r.int64()).UTC(),
	}
	if r.short || r.rest != "" {
		return e, fmt.Errorf("%w: it has another length", errEncoding)
	}
	return e, nil
}

// hashReader takes the parts of an encoding in turn. Behind its end it gives zeros.
type hashReader struct {
	rest  string
	short bool
}

func (r *hashReader) take(n int) string {
	if n < 0 || n > len(r.rest) {
		r.short, r.rest = true, ""
		return ""
	}
	part := r.rest[:n]
	r.rest = r.rest[n:]
	return part
}

// fixed takes a part of up to 16 bytes.
func (r *hashReader) fixed(n int) (part [16]byte) {
	copy(part[:], r.take(n))
	return part
}

func (r *hashReader) int64() int64 {
	part := r.fixed(8)
	return int64(binary.BigEndian.Uint64(part[:]))
}

func (r *hashReader) uint32() uint32 {
	part := r.fixed(4)
	return binary.BigEndian.Uint32(part[:])
}

func (r *hashReader) uuid() uuid.UUID { return r.fixed(16) }
func (r *hashReader) text() string    { return r.take(int(r.uint32())) }

func (r *hashReader) tags() []domain.Tag {
	var tags []domain.Tag
	for n := r.uint32(); n > 0 && !r.short; n-- {
		tags = append(tags, domain.Tag(r.text()))
	}
	return tags
}

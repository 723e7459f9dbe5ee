package eventstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// The messages of a handover. Each is sealed for its kind and log by a MAC. Another form
// gets another version: a process of another one drops the message, and appends by itself.
const handoverVersion = "opsledger handover v1\n"

const (
	kindAlive byte = 'a'
	kindGone  byte = 'g'
	kindBatch byte = 'b'
	kindReply byte = 'r'
)

// messageSeal closes and opens messages.
type messageSeal struct {
	key []byte
	log uuid.UUID
}

func (s messageSeal) sum(kind byte, payload []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(handoverVersion))
	mac.Write(s.log[:])
	mac.Write([]byte{kind})
	mac.Write(payload)
	return mac.Sum(nil)
}

func (s messageSeal) close(kind byte, payload []byte) []byte {
	return append(payload[:len(payload):len(payload)], s.sum(kind, payload)...)
}

func (s messageSeal) open(kind byte, message []byte) (payload []byte, ok bool) {
	n := len(message) - sha256.Size
	if n < 0 || !hmac.Equal(message[n:], s.sum(kind, message[:n])) {
		return nil, false
	}
	return message[:n], true
}

var errHandover = errors.New("not a message of a handover")

// batchHeader says whose batch it is, which process is to take it, and in which term of that one's writer.
type batchHeader struct {
	sender, leader uuid.UUID
	number, term   uint64
}

func (b batchHeader) with(entries [][]byte) []byte {
	m := append(append([]byte(nil), b.sender[:]...), b.leader[:]...)
	m = binary.BigEndian.AppendUint64(m, b.number)
	m = binary.BigEndian.AppendUint64(m, b.term)
	m = binary.BigEndian.AppendUint32(m, uint32(len(entries)))
	for _, e := range entries {
		m = appendText(m, string(e))
	}
	return m
}

// encode writes the entry for another process.
func (e *entry) encode() []byte {
	b := append(make([]byte, 0, e.bytes+256*len(e.events)+64*len(e.conditions)+64), e.commandID[:]...)
	b = appendFlag(b, e.keyed)
	b = appendText(b, string(e.fingerprint))
	b = appendFlag(b, e.refusal != nil)
	if r := e.refusal; r != nil {
		b = binary.BigEndian.AppendUint32(b, uint32(r.Status))
		b = appendText(appendText(b, string(r.Body)), r.Field)
	}
	b = appendText(b, warningsText(e.warnings))
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.conditions)))
	for i := range e.conditions {
		c := &e.conditions[i]
		b = appendText(appendText(b, string(c.tag)), c.types.joined)
		b = appendInt(b, int64(c.after))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.events)))
	for i := range e.events {
		b = appendText(b, string(EncodeForHash(&e.events[i])))
	}
	return b
}

func warningsText(warnings []domain.Warning) string {
	if len(warnings) == 0 {
		return ""
	}
	text, err := json.Marshal(warnings)
	if err != nil {
		return "" // texts alone are always JSON
	}
	return string(text)
}

func appendFlag(b []byte, on bool) []byte {
	if on {
		return append(b, 1)
	}
	return append(b, 0)
}

// typeLists are the lists of types in conditions that were read before: most often they are the
// same ones. They are those of the programs of the log, and so are few.
type typeLists struct{ known sync.Map } // joined names → *typeSet

func (l *typeLists) of(joined string) *typeSet {
	if known, ok := l.known.Load(joined); ok {
		return known.(*typeSet)
	}
	var names []string
	if joined != "" {
		names = strings.Split(joined, "\n")
	}
	set, _ := l.known.LoadOrStore(strings.Clone(joined), newTypeSet(names))
	return set.(*typeSet)
}

func (l *typeLists) readBatch(payload []byte) (b batchHeader, entries []*entry, err error) {
	r := hashReader{rest: string(payload)}
	b = batchHeader{sender: r.uuid(), leader: r.uuid(), number: uint64(r.int64()), term: uint64(r.int64())}
	for n := r.uint32(); n > 0 && !r.short; n-- {
		e, err := l.readEntry(r.text())
		if err != nil {
			return b, nil, err
		}
		entries = append(entries, e)
	}
	if r.short || r.rest != "" {
		return b, nil, errHandover
	}
	return b, entries, nil
}

func (l *typeLists) readEntry(text string) (*entry, error) {
	r := hashReader{rest: text}
	e := &entry{commandID: r.uuid(), keyed: r.flag(), fingerprint: []byte(r.text())}
	if r.flag() {
		e.refusal = &Refusal{Status: int(r.uint32()), Body: []byte(r.text()), Field: r.text()}
	}
	if warnings := r.text(); warnings != "" {
		if err := json.Unmarshal([]byte(warnings), &e.warnings); err != nil {
			return nil, err
		}
	}
	for n := r.uint32(); n > 0 && !r.short; n-- {
		c := condition{tag: domain.Tag(r.text()), types: l.of(r.text()), after: domain.Position(r.int64())}
		c.hash = hashTag(c.tag)
		e.conditions = append(e.conditions, c)
	}
	for n := r.uint32(); n > 0 && !r.short; n-- {
		event, err := DecodeForHash([]byte(r.text()))
		if err != nil {
			return nil, err
		}
		e.events, e.bytes = append(e.events, event), e.bytes+len(event.Data)
	}
	if r.short || r.rest != "" {
		return nil, errHandover
	}
	return e, e.index()
}

func (r *hashReader) flag() bool {
	part := r.fixed(1)
	return part[0] == 1
}

// handoverAnswer is what became of an entry.
type handoverAnswer byte

const (
	// answeredCommitted: the events have their places, or there are none and the command is kept.
	answeredCommitted handoverAnswer = iota
	// answeredConflict: a condition does not hold, and never will.
	answeredConflict
	// answeredLate: the term is over, and the entry was not appended and will not be.
	answeredLate
	// answeredOpen: nobody knows.
	answeredOpen
	// answeredNot: it was not appended and will not be, for a reason that the sender is to find itself.
	answeredNot
)

// handoverReply answers a batch.
type handoverReply struct {
	// term is the leading writer's, for the next batch; 0 if it has none.
	term    uint64
	entries []entryReply
}

// entryReply answers an entry. The places are those of its events, if it was committed.
type entryReply struct {
	answer handoverAnswer
	first  domain.Position
	at     time.Time
	prev   []domain.Position
}

// replyTo waits for the writer's answers.
func replyTo(b batchHeader, entries []*entry) []byte {
	term := b.term
	var list []byte
	for _, e := range entries {
		a := <-e.done
		if errors.Is(a.err, errTermOver) {
			term = a.term
		}
		list = appendAnswer(list, a)
	}
	m := append([]byte(nil), b.sender[:]...)
	m = binary.BigEndian.AppendUint64(m, b.number)
	m = binary.BigEndian.AppendUint64(m, term)
	return append(m, list...)
}

func appendAnswer(b []byte, a answer) []byte {
	switch {
	case errors.Is(a.err, errTermOver):
		return append(b, byte(answeredLate))
	case errors.Is(a.err, errConflict):
		return append(b, byte(answeredConflict))
	case errors.Is(a.err, ErrUnknownOutcome), errors.Is(a.err, ErrOtherLog): // the log of before may have it
		return append(b, byte(answeredOpen))
	case a.err != nil || a.stored != nil:
		return append(b, byte(answeredNot))
	}
	var first protocol.Envelope
	if len(a.events) > 0 {
		first = a.events[0]
	}
	b = append(b, byte(answeredCommitted))
	b = appendInt(appendInt(b, int64(first.Position)), first.RecordedAt.UnixMicro())
	b = binary.BigEndian.AppendUint32(b, uint32(len(a.events)))
	for i := range a.events {
		b = appendInt(b, int64(a.events[i].Prev))
	}
	return b
}

// readReply reads the reply to a batch of so many entries.
func readReply(payload []byte, sender uuid.UUID, number uint64, entries int) (reply handoverReply, err error) {
	r := hashReader{rest: string(payload)}
	if r.uuid() != sender || uint64(r.int64()) != number {
		return reply, errHandover
	}
	reply.term = uint64(r.int64())
	for range entries {
		a := entryReply{answer: handoverAnswer(r.fixed(1)[0])}
		if a.answer == answeredCommitted {
			a.first, a.at = domain.Position(r.int64()), time.UnixMicro(r.int64()).UTC()
			for n := r.uint32(); n > 0 && !r.short; n-- {
				a.prev = append(a.prev, domain.Position(r.int64()))
			}
		}
		reply.entries = append(reply.entries, a)
	}
	if r.short || r.rest != "" {
		return reply, errHandover
	}
	return reply, nil
}

// placed gives the events the places that the answer tells.
func (a entryReply) placed(events []protocol.Envelope) ([]protocol.Envelope, bool) {
	if len(a.prev) != len(events) {
		return nil, false
	}
	placed := make([]protocol.Envelope, len(events))
	for i, e := range events {
		e.Position, e.Prev, e.RecordedAt = a.first+domain.Position(i), a.prev[i], a.at
		placed[i] = e
	}
	return placed, true
}

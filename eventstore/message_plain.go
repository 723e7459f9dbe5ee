package eventstore

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

// ReadMessage reads the payload of an event's message but for the tags and what
// the event came from (command, causation, correlation), which followers of the
// stream do not need. The data is a part of the payload, not a copy, and is not
// checked to be JSON: whoever decodes it does that.
//
// Invariants:
//  1. A payload that the fast way reads, and whose data is JSON, is read by
//     encoding/json as the same values.
func ReadMessage(payload []byte) (Envelope, error) {
	r := plainReader{rest: payload}
	if e := r.envelope(); r.rest != nil && len(r.rest) == 0 {
		return e, nil
	}
	var e Envelope
	if err := json.Unmarshal(payload, &e); err != nil {
		return Envelope{}, err
	}
	e.Tags, e.CommandID, e.Causation, e.Correlation = nil, uuid.Nil, 0, uuid.Nil
	return e, nil
}

// plainReader reads exactly what encodeMessage writes, in one scan. Whatever else
// it finds makes rest nil, and all that follows reads as zero: then encoding/json
// decides.
type plainReader struct{ rest []byte }

func (r *plainReader) envelope() (e Envelope) {
	e.Position = domain.Position(r.number(`{"position":`))
	e.Prev = domain.Position(r.number(`,"prev":`))
	e.ID = r.uuid(`,"id":"`)
	e.Type = string(r.text(`,"type":"`))
	e.Context = domain.Context(r.text(`,"context":"`))
	e.Schema = int(r.number(`,"schema":`))
	e.Key = r.number(`,"key":`)
	r.texts(`,"tags":[`)
	e.Data = r.object(`,"data":`)
	e.Actor = domain.UserID(r.number(`,"actor":`))
	r.uuid(`,"command_id":"`)
	if r.begins(`,"causation":`) {
		r.number(`,"causation":`)
	}
	r.uuid(`,"correlation":"`)
	e.RecordedAt = r.time(`,"recorded_at":"`)
	r.after(`}`)
	return e
}

func (r *plainReader) begins(key string) bool {
	return len(r.rest) >= len(key) && string(r.rest[:len(key)]) == key
}

// after passes the key and tells whether it was there.
func (r *plainReader) after(key string) bool {
	if !r.begins(key) {
		r.rest = nil
		return false
	}
	r.rest = r.rest[len(key):]
	return true
}

// take returns the next n bytes and passes one more, the delimiter.
func (r *plainReader) take(n int) []byte {
	if n < 0 || n >= len(r.rest) {
		r.rest = nil
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n+1:]
	return taken
}

// number reads up to 18 digits, which fit into an int64.
func (r *plainReader) number(key string) (n int64) {
	r.after(key)
	i := 0
	for ; i < len(r.rest) && '0' <= r.rest[i] && r.rest[i] <= '9'; i++ {
		n = 10*n + int64(r.rest[i]-'0')
	}
	if i == 0 || i > 18 || i > 1 && r.rest[0] == '0' {
		r.rest = nil
		return 0
	}
	r.rest = r.rest[i:]
	return n
}

// text reads a text of printable ASCII without escapes; the key ends with its quote.
func (r *plainReader) text(key string) []byte {
	r.after(key)
	end := bytes.IndexByte(r.rest, '"')
	for i := 0; i < end; i++ {
		if c := r.rest[i]; c < ' ' || c > '~' || c == '\\' {
			end = -1
		}
	}
	return r.take(end)
}

// texts passes a list of texts; the key ends with its bracket.
func (r *plainReader) texts(key string) {
	r.after(key)
	for first := `"`; r.begins(first); first = `,"` {
		r.text(first)
	}
	r.after(`]`)
}

func (r *plainReader) uuid(key string) (id uuid.UUID) {
	text := r.text(key)
	const dashed = 36
	if len(text) == dashed {
		var err error
		if id, err = uuid.ParseBytes(text); err == nil {
			return id
		}
	}
	r.rest = nil
	return uuid.Nil
}

func (r *plainReader) time(key string) (t time.Time) {
	if t.UnmarshalText(r.text(key)) != nil {
		r.rest = nil
		return time.Time{}
	}
	return t
}

// object passes a JSON object by its braces, which do not count inside of texts.
func (r *plainReader) object(key string) []byte {
	if r.after(key); !r.begins(`{`) {
		r.rest = nil
		return nil
	}
	data, depth := r.rest, 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			if i = endOfText(data, i); i < 0 {
				r.rest = nil
				return nil
			}
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				r.rest = data[i+1:]
				return data[: i+1 : i+1]
			}
		}
	}
	r.rest = nil
	return nil
}

// endOfText returns where the closing quote of the text that begins at the place stands, -1 without one.
func endOfText(data []byte, at int) int {
	for i := at + 1; i < len(data); i++ {
		switch data[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

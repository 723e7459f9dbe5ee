package protocol

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/plainjson"
)

// ReadMessage reads the payload of an event's message without its tags, command,
// causation and correlation, which followers of the stream do not need. The data is a
// part of the payload, not a copy. It is not checked to be JSON; its decoder does that.
//
// Invariants:
//  1. If readPlain reads a payload whose data is JSON, encoding/json reads the same
//     values.
func ReadMessage(payload []byte) (Envelope, error) {
	if e, ok := readPlain(payload); ok {
		return e, nil
	}
	var e Envelope
	if err := json.Unmarshal(payload, &e); err != nil {
		return Envelope{}, err
	}
	e.Tags, e.CommandID, e.Causation, e.Correlation = nil, uuid.Nil, 0, uuid.Nil
	return e, nil
}

// readPlain reads exactly what AppendMessage writes, in one scan.
func readPlain(payload []byte) (e Envelope, ok bool) {
	r := plainjson.NewReader(payload)
	e.Position = domain.Position(r.After(`{"position":`).Int())
	e.Prev = domain.Position(r.After(`,"prev":`).Int())
	if r.Pass(`,"more":`) {
		e.More = int(r.Int())
	}
	if r.Pass(`,"more_own":`) {
		e.MoreOwn = int(r.Int())
	}
	e.ID = plainUUID(r.After(`,"id":`))
	e.Type = string(r.After(`,"type":`).Text())
	e.Context = domain.Context(r.After(`,"context":`).Text())
	e.Schema = int(r.After(`,"schema":`).Int())
	e.Key = r.After(`,"key":`).Int()
	passTexts(r.After(`,"tags":`))
	e.Data = r.After(`,"data":`).Object()
	e.Actor = domain.UserID(r.After(`,"actor":`).Int())
	if r.Pass(`,"credential":`) {
		e.Credential = domain.CredentialID(r.Int())
	}
	if r.Pass(`,"door":`) {
		e.Door = doorNamed(r.Text())
	}
	plainUUID(r.After(`,"command_id":`))
	if r.Pass(`,"causation":`) {
		r.Int()
	}
	plainUUID(r.After(`,"correlation":`))
	e.RecordedAt = plainTime(r.After(`,"recorded_at":`))
	return e, r.After(`}`).Done()
}

// doorNamed allocates nothing for a door that is known.
func doorNamed(text []byte) domain.Door {
	for _, d := range domain.Doors() {
		if string(text) == string(d) {
			return d
		}
	}
	return domain.Door(text)
}

func passTexts(r *plainjson.Reader) {
	for before := `[`; r.Pass(before); before = `,` {
		r.Text()
	}
	r.After(`]`)
}

func plainUUID(r *plainjson.Reader) uuid.UUID {
	text := r.Text()
	const dashed = 36
	if len(text) == dashed {
		if id, err := uuid.ParseBytes(text); err == nil {
			return id
		}
	}
	r.Decline()
	return uuid.Nil
}

func plainTime(r *plainjson.Reader) (t time.Time) {
	if t.UnmarshalText(r.Text()) != nil {
		r.Decline()
	}
	return t
}

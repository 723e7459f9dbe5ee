package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/plainjson"
	"github.com/opsledger/opsledger/protocol"
)

// Shown is an event as somebody is shown it.
type Shown struct {
	Position domain.Position
	Type     string
	// At is when the event was appended.
	At time.Time
	// JSON is a line without its end.
	JSON []byte
}

// body is an event on the wire.
type body struct {
	Position domain.Position `json:"position"`
	// Change is the position of the last event of the change.
	Change     domain.Position `json:"change"`
	ID         uuid.UUID       `json:"id"`
	Type       string          `json:"type"`
	Schema     int             `json:"schema"`
	Context    domain.Context  `json:"context"`
	Time       time.Time       `json:"time"`
	Actor      actorBody       `json:"actor"`
	Credential *credentialBody `json:"credential"`
	Door       *domain.Door    `json:"door"`
	Resource   *resourceBody   `json:"resource"`
	Command    uuid.UUID       `json:"command"`
	Data       json.RawMessage `json:"data"`
}

type actorBody struct {
	ID       domain.UserID `json:"id"`
	Username *string       `json:"username"`
}

type credentialBody struct {
	ID   domain.CredentialID `json:"id"`
	Name *string             `json:"name"`
}

type resourceBody struct {
	Kind string `json:"kind"`
	// ID is a number, or a text for what has no number; nil for what there is one of.
	ID   any     `json:"id"`
	Name *string `json:"name"`
}

// event is an event of the log for all of its readers. Those parts that cost something are
// made when the first reader needs them.
type event struct {
	protocol.Envelope
	opening sync.Once
	failure error
	decoded domain.Event
	// data is in the form of today, lifted from that in which it was stored.
	data    json.RawMessage
	subject subject
	// sight is what rights on the event followed from a moment ago.
	sight atomic.Pointer[sight]
	// whole is the event as everybody sees it who may and is not bounded by a credential.
	whole atomic.Pointer[wholeShown]
}

// wholeShown is an event with the names of now, as they were when it was made.
type wholeShown struct {
	Shown
	zone, name string
}

// open decodes the event.
func (e *event) open(codec *domain.Codec) error {
	e.opening.Do(func() {
		if e.decoded, e.data, e.failure = codec.Lift(e.Type, e.Schema, e.Data); e.failure != nil {
			e.failure = fmt.Errorf("event %d: %w", e.Position, e.failure)
			return
		}
		e.subject, _ = subjectOf(e.decoded)
	})
	return e.failure
}

// zoneID is the zone that the event is on, or whose record it is on; 0 for none.
func (e *event) zoneID() int64 {
	if e.subject.kind == kindZone {
		return e.subject.id
	}
	return e.subject.zone
}

// shownWhole returns the event as it is for who has no bounds.
func (f *Feed) shownWhole(ctx context.Context, e *event, s *sight) (*Shown, error) {
	if made := e.whole.Load(); made != nil && made.zone == s.zone && made.name == s.name {
		return &made.Shown, nil
	}
	shown, err := f.render(ctx, e, s, e.data)
	if err != nil {
		return nil, err
	}
	e.whole.Store(&wholeShown{Shown: *shown, zone: s.zone, name: s.name})
	return shown, nil
}

// render writes an event with the data that is shown of it.
func (f *Feed) render(ctx context.Context, e *event, s *sight, data json.RawMessage) (*Shown, error) {
	b := body{
		Position: e.Position, Change: e.ChangeEnd(), ID: e.ID, Type: e.Type, Schema: e.Schema, Context: e.Context,
		Time: e.RecordedAt, Actor: actorBody{ID: e.Actor}, Command: e.CommandID,
	}
	var err error
	if b.Data, err = access.WithheldOf(e.decoded).Null(data); err != nil {
		return nil, fmt.Errorf("event %d: %w", e.Position, err)
	}
	if b.Actor.Username, err = f.names.user(ctx, e.Actor); err != nil {
		return nil, err
	}
	if e.Credential != 0 {
		b.Credential = &credentialBody{ID: e.Credential}
		if b.Credential.Name, err = f.names.credential(ctx, e.Credential); err != nil {
			return nil, err
		}
	}
	if e.Door != "" {
		b.Door = &e.Door
	}
	if b.Resource, err = f.resource(ctx, e, s); err != nil {
		return nil, err
	}
	text, err := plainjson.Line(b)
	return &Shown{Position: e.Position, Type: e.Type, At: e.RecordedAt, JSON: text}, err
}

// resource is what the event is on. Its name is that which the event gives, else that of now;
// the name of a record is its full one, by the name that its zone has now.
func (f *Feed) resource(ctx context.Context, e *event, s *sight) (*resourceBody, error) {
	on := e.subject
	if on.kind == "" {
		return nil, nil
	}
	b := &resourceBody{Kind: on.kind}
	switch {
	case on.ref != "":
		b.ID = on.ref
	case on.id != 0:
		b.ID = on.id
	}
	name := on.name
	switch {
	case on.kind == kindRecord:
		name = dns.FullName(on.name, s.zone)
	case on.kind == kindUser && name == "" && on.id != 0:
		known, err := f.names.user(ctx, domain.UserID(on.id))
		b.Name = known
		return b, err
	case name == "":
		name = s.name
	}
	if name != "" {
		b.Name = &name
	}
	return b, nil
}

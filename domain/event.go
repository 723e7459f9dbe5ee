package domain

import (
	"time"

	"github.com/google/uuid"
)

// Position is an event's place in the log: 1, 2, 3 … without gaps, in commit
// order. It is also the event's JetStream sequence, the token by which a client
// reads its own writes, and the SOA serial of the zone that the event changed.
type Position int64

// UserID names an actor. 0 is the system itself.
type UserID int64

// System is the actor of what opsledger does by itself, such as the first start.
const System UserID = 0

// Context is a part of the domain whose events form one chain (see Recorded.Prev)
// and are projected together. It is the second token of an event's subject.
type Context string

// The contexts.
const (
	ContextAccess Context = "access"
	ContextDNS    Context = "dns"
	ContextOps    Context = "ops"
)

// Contexts lists all contexts in their fixed order, which is that of the log
// head's columns.
func Contexts() []Context { return []Context{ContextAccess, ContextDNS, ContextOps} }

// Tag names something that decisions depend on, such as "zone:12". An event
// carries the tags of everything it matters to. Tags hold no white space and no
// control characters and have at most 400 bytes.
type Tag string

// Event is a fact in the past tense. Implementations are plain structs whose
// JSON form is kept for ever: a change of form is a new schema number and an
// upcaster, see [Descriptor]. A field that names a secret, or is a digest of what nobody
// but its owner knows, has the tag `hidden:"true"`: no reader of events is shown it.
type Event interface {
	// EventType is the event's name, such as "RecordAdded".
	EventType() string
	// Tags lists the event's tags without duplicates, in a stable order.
	Tags() []Tag
	// SubjectKey is the third token of the event's subject: a zone's id (dns)
	// or a host's id (ops), 0 where there is none.
	SubjectKey() int64
}

// ByActor is implemented by events that also matter to what their actor answers for.
type ByActor interface {
	Event
	// ActorTags lists the tags that the event has besides, if this user causes it.
	ActorTags(actor UserID) []Tag
}

// TagsOf lists all tags of an event that the actor causes.
func TagsOf(e Event, actor UserID) []Tag {
	if by, ok := e.(ByActor); ok {
		return append(e.Tags(), by.ActorTags(actor)...)
	}
	return e.Tags()
}

// Recorded is a decoded event with its place in the log.
type Recorded struct {
	Position Position
	// Prev is the position of the previous event of the same context, 0 for the first.
	Prev  Position
	ID    uuid.UUID
	Actor UserID
	// Credential is by which credential the actor made the event, and Door the way by
	// which it came.
	Credential CredentialID
	Door       Door
	// Causation is the position of the event that this one undoes or reacts to, 0 for none.
	Causation Position
	// At is when the event was appended (UTC); it never decreases along the log.
	At    time.Time
	Event Event
	// More is how many events of the same change and context follow this one.
	More int
	// ChangeEnd is the position of the last event of the change, of whatever context; 0 for
	// an event that was not read from the log.
	ChangeEnd Position
}

// End is the position of the last event of the change that the event is in.
func (r *Recorded) End() Position { return max(r.ChangeEnd, r.Position) }

package domain

import "time"

// Sequence names a source of integer ids.
type Sequence string

// The sequences. Each kind of resource has its own, which starts at 1 or behind the
// ids that are built in. The sequence of privileges goes in steps of three: an id
// drawn from it stands for itself and the two ids after it.
const (
	SequenceUser      Sequence = "user"
	SequenceRole      Sequence = "role"
	SequencePrivilege Sequence = "privilege"
	SequenceServer    Sequence = "server"
	SequenceView      Sequence = "view"
	SequenceZone      Sequence = "zone"
	SequenceRecord    Sequence = "record"
	SequenceMachine   Sequence = "machine"
	SequenceTask      Sequence = "task"
	// SequenceCredential is that of what programs show in place of a login.
	SequenceCredential Sequence = "credential"
	SequenceWebhook    Sequence = "webhook"
)

// Sequences lists all sequences.
func Sequences() []Sequence {
	return []Sequence{
		SequenceUser, SequenceRole, SequencePrivilege,
		SequenceServer, SequenceView, SequenceZone, SequenceRecord,
		SequenceMachine, SequenceTask, SequenceCredential, SequenceWebhook,
	}
}

// Env is all that a decision may know of the world outside of the log.
type Env struct {
	Actor UserID
	// Credential is what the actor's program showed, 0 for a login.
	Credential CredentialID
	Now        time.Time
	// Preview: nothing of what is decided will be appended.
	Preview bool
	// AtOnce: a configuration that is decided goes to all name servers at once, whatever stages
	// there are.
	AtOnce bool
	// Import is the staged import, by its id, that the decision is a part of, 0 for none.
	Import Position
	// bounds are those of the credential, nil for none.
	bounds Bounds
	// ids holds what was taken from the sequences for this decision.
	ids map[Sequence][]int64
	// warnings collects what the decision warns of, nil for nobody who listens.
	warnings *[]Warning
	// causes collects what the decided events are caused by, nil for nobody who listens.
	causes *[]Position
}

// Because says of each of the events that are decided which event it undoes, by its position;
// 0 stands for none. A decision says it once, of all of its events.
func (e Env) Because(causes []Position) {
	if e.causes != nil {
		*e.causes = causes
	}
}

// Causing returns an Env whose decision sets the list, see [Env.Because].
func (e Env) Causing(causes *[]Position) Env {
	e.causes = causes
	return e
}

// Warn adds a warning to what the decision says. It changes nothing in what was decided.
func (e Env) Warn(w Warning) {
	if e.warnings != nil {
		*e.warnings = append(*e.warnings, w)
	}
}

// Warns says whether somebody listens to warnings.
func (e Env) Warns() bool { return e.warnings != nil }

// Warning returns an Env whose warnings are added to the list.
func (e Env) Warning(list *[]Warning) Env {
	e.warnings = list
	return e
}

// NewEnv returns an Env whose NextID hands out the given ids in order.
func NewEnv(actor UserID, now time.Time, ids map[Sequence][]int64) Env {
	return Env{Actor: actor, Now: now, ids: ids}
}

// Bounds say what may be decided at most.
type Bounds interface {
	// Check refuses events that are outside of the bounds.
	Check(h History, events []Event) error
}

// By returns an Env of a decision that was asked for with a credential.
func (e Env) By(credential CredentialID, b Bounds) Env {
	e.Credential, e.bounds = credential, b
	return e
}

// CheckBounds refuses events that are outside of the credential's bounds. A decision asks as
// soon as it knows its events, before it says what stands against them. Whoever carries a
// decision out for a credential checks all its events once more, so that none is forgotten.
func (e Env) CheckBounds(h History, events []Event) error {
	if e.bounds == nil {
		return nil
	}
	return e.bounds.Check(h, events)
}

// WithIDs returns the Env with other ids to hand out.
func (e Env) WithIDs(ids map[Sequence][]int64) Env {
	e.ids = ids
	return e
}

// NextID takes the next id that the command announced by [Allocator]. It panics
// when the command takes more than it announced, a programming error.
func (e Env) NextID(s Sequence) int64 {
	list := e.ids[s]
	if len(list) == 0 {
		panic("domain: command takes more ids than it announced: " + string(s))
	}
	e.ids[s] = list[1:]
	return list[0]
}

// Command is an intention, already checked for form. Decide returns the events
// that make it true, none when it is true already, or an [*Error] for the user.
type Command interface {
	Decide(h History, env Env) ([]Event, error)
}

// Undrawn is where the ids begin that stand for those that would be drawn: beyond every id
// that a sequence will ever have.
const Undrawn int64 = 1 << 62

// Pending says of a position that it is none of the log yet: an event of the change that is being
// decided has it.
func (p Position) Pending() bool { return p >= Position(Undrawn) }

// Allocator is implemented by commands that need new ids: one entry for each id.
// A refused command wastes its ids.
type Allocator interface {
	Allocates() []Sequence
}

// Judged is implemented by commands with rules about several resources. Such a rule holds
// at the end of a change, so that a batch may break it on the way.
type Judged interface {
	Command
	// DecidePart is Decide without those rules.
	DecidePart(h History, env Env) ([]Event, error)
	// Judge refuses the decided events if they are to blame that a rule does not hold at
	// the end of the change that they are a part of; the history shows the log with all
	// of that change. Of two events that do not go together the later one is to blame.
	Judge(h History, env Env, decided []Event) error
}

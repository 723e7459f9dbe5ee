package eventstore

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

// Request is a command with what is known about its origin.
type Request struct {
	Command domain.Command
	Actor   domain.UserID
	// Credential is what the actor's program showed, 0 for a login and for the system. The
	// command is decided within its bounds, see [Config.Bound].
	Credential domain.CredentialID
	// Door is the way by which the request came. A request without one is refused.
	Door domain.Door
	// AtOnce: a configuration goes to all name servers at once, see [domain.Env].
	AtOnce bool
	// CommandID makes the request repeatable: a command with the same id is carried
	// out once and answered alike for a week, for a day if it was refused. If it is zero, the command gets a new id,
	// which is not kept.
	CommandID uuid.UUID
	// Fingerprint tells requests of the same CommandID apart.
	Fingerprint []byte
	// Correlation joins the commands that one request of a user led to; zero means the
	// command's id.
	Correlation uuid.UUID
	// Causation is the event that is reacted to, 0 for none.
	Causation domain.Position
}

// Receipt says what became of a request.
type Receipt struct {
	// First and Last are the positions of the appended events, 0 when there are none.
	First, Last domain.Position
	Events      []domain.Recorded
	// Replayed says that the command had been carried out before, and that nothing was
	// done now.
	Replayed bool
	// Refusal is set when the replayed command was refused, see [Store.SaveRefusal].
	Refusal *Refusal
	// Warnings are what the decision warned of.
	Warnings []domain.Warning
}

// Refusal is the reply that a refused command got.
type Refusal struct {
	// Status is the HTTP status.
	Status int
	// Body is the reply's body, kept byte for byte.
	Body json.RawMessage
	// Field is the parameter that was to blame, empty for none.
	Field string
}

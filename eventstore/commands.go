package eventstore

import (
	"bytes"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// storedCommand is a row of log.commands.
type storedCommand struct {
	id          uuid.UUID
	fingerprint []byte
	first, last domain.Position
	refusal     *Refusal
}

const selectCommands = `SELECT command_id, fingerprint, first, last, status, body::text
	FROM log.commands WHERE command_id = ANY($1::uuid[])`

func scanCommand(row pgx.CollectableRow) (storedCommand, error) {
	var (
		c      storedCommand
		status *int
		body   []byte
	)
	if err := row.Scan(&c.id, &c.fingerprint, &c.first, &c.last, &status, &body); err != nil {
		return c, err
	}
	if status != nil {
		c.refusal = &Refusal{Status: *status, Body: body}
	}
	return c, nil
}

// check returns ErrFingerprint when the command was another request.
func (c *storedCommand) check(fingerprint []byte) error {
	// A command that came back by Recover has none: JetStream never had it.
	if len(c.fingerprint) > 0 && !bytes.Equal(c.fingerprint, fingerprint) {
		return ErrFingerprint
	}
	return nil
}

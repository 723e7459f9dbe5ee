package eventstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// How long a command is remembered after it was carried out, or refused.
const (
	commandLife = 7 * 24 * time.Hour
	refusalLife = 24 * time.Hour
)

// storedCommand is a row of cache.commands.
//
// Invariants:
//  1. A command that is remembered is not carried out again: its id is the primary
//     key, and the row is written in the transaction of the command's events.
//  2. A row is there for the life of its kind at least, and [Store.ExpireCommands]
//     removes it soon after.
type storedCommand struct {
	id          uuid.UUID
	fingerprint []byte
	first, last domain.Position
	refusal     *Refusal
	warnings    []domain.Warning
}

// storedRemarks is what the reply to a command says beside its body, as it is stored.
type storedRemarks struct {
	Field    string           `json:"field,omitempty"`
	Warnings []domain.Warning `json:"warnings,omitempty"`
}

// remarks returns the column of that name, nil for null.
func (c *storedCommand) remarks() []byte {
	stored := storedRemarks{Warnings: c.warnings}
	if c.refusal != nil {
		stored.Field = c.refusal.Field
	}
	if stored.Field == "" && len(stored.Warnings) == 0 {
		return nil
	}
	text, err := json.Marshal(stored)
	if err != nil {
		return nil // texts alone are always JSON
	}
	return text
}

const selectCommands = `SELECT command_id, fingerprint, first, last, status, body::text, remarks::text
	FROM cache.commands WHERE command_id = ANY($1::uuid[])`

func scanCommand(row pgx.CollectableRow) (storedCommand, error) {
	var (
		c      storedCommand
		status *int
		body   []byte
		beside []byte
		stored storedRemarks
	)
	if err := row.Scan(&c.id, &c.fingerprint, &c.first, &c.last, &status, &body, &beside); err != nil {
		return c, err
	}
	if beside != nil {
		if err := json.Unmarshal(beside, &stored); err != nil {
			return c, fmt.Errorf("remarks of a command: %w", err)
		}
	}
	c.warnings = stored.Warnings
	if status != nil {
		c.refusal = &Refusal{Status: *status, Body: body, Field: stored.Field}
	}
	return c, nil
}

// life is how long the command is remembered.
func (c *storedCommand) life() time.Duration {
	if c.refusal != nil {
		return refusalLife
	}
	return commandLife
}

// check returns ErrFingerprint when the command was another request.
func (c *storedCommand) check(fingerprint []byte) error {
	// A command that came back by Recover has no fingerprint: JetStream never had it.
	if len(c.fingerprint) > 0 && !bytes.Equal(c.fingerprint, fingerprint) {
		return ErrFingerprint
	}
	return nil
}

// SaveRefusal keeps the reply that the command with the id got, so that its
// repetition gets the same one. What became of the command first stands.
func (s *Store) SaveRefusal(ctx context.Context, commandID uuid.UUID, fingerprint []byte, r Refusal) error {
	if !json.Valid(r.Body) || !utf8.Valid(r.Body) {
		return errors.New("save refusal: the body is not JSON in UTF-8")
	}
	a, err := s.append(ctx, &entry{commandID: commandID, keyed: true, fingerprint: fingerprint, refusal: &r})
	if errors.Is(err, errConflict) {
		return nil // the same command is answered by the same batch
	}
	if err == nil && a.stored != nil {
		return a.stored.check(fingerprint)
	}
	return err
}

package eventstore

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// preparedStatement is known to the server by its name on each connection that appends.
type preparedStatement struct{ name, text string }

// The statements with which a batch is appended. What compareHead looks up, it
// looks up in a snapshot of its own that is younger than the head's lock, see inspect.
var (
	beginBatch  = preparedStatement{"opsledger_begin", begin}
	takeHead    = preparedStatement{"opsledger_head", lockHead}
	compareHead = preparedStatement{"opsledger_compare", checkAssumptions}
	putEvents   = preparedStatement{"opsledger_events", `INSERT INTO log.events (position, prev, id, type, context, schema, key, tags, data,
		actor, command_id, causation, correlation, more, more_own, credential, door, recorded_at)
	SELECT position, prev, id, type, context, schema, key, tags, data::json,
		actor, command_id, causation, correlation, more, more_own, credential, door, $18::timestamptz
	FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::int2[], $7::bigint[], $8::text[], $9::text[],
		$10::bigint[], $11::uuid[], $12::bigint[], $13::uuid[], $14::int[], $15::int[], $16::bigint[], $17::text[])
		AS e(position, prev, id, type, context, schema, key, tags, data, actor, command_id, causation, correlation, more, more_own,
			credential, door)`}
	putTags = preparedStatement{"opsledger_tags", `INSERT INTO log.event_tags (tag_hash, position, type_hash)
	SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::int[])`}
	putCommands = preparedStatement{"opsledger_commands", `INSERT INTO cache.commands
		(command_id, fingerprint, first, last, status, body, expires_at, recorded_at, remarks)
	SELECT command_id, fingerprint, first, last, status, body::json, expires_at, $8::timestamptz, remarks::json
	FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::bigint[], $5::int[], $6::text[], $7::timestamptz[], $9::text[])
		AS c(command_id, fingerprint, first, last, status, body, expires_at, remarks)`}
	moveHead = preparedStatement{"opsledger_move",
		`UPDATE log.head SET position = $1, recorded_at = $2, last_access = $3, last_dns = $4, last_ops = $5`}
	endBatch = preparedStatement{"opsledger_end", "COMMIT"}
)

// prepareStatements makes the statements known to the server.
func prepareStatements(ctx context.Context, conn *pgx.Conn) error {
	for _, s := range []preparedStatement{beginBatch, takeHead, compareHead, putCommands, putEvents, putTags, moveHead, endBatch} {
		if _, err := conn.Prepare(ctx, s.name, s.text); err != nil {
			return err
		}
	}
	return nil
}

// with adds the parameters, in their binary form.
func (s preparedStatement) with(parameters ...[]byte) statement {
	return statement{s.name, parameters}
}

// The binary form of single parameters.
func int8Of(v int64) []byte     { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
func uuidOf(v uuid.UUID) []byte { return v[:] }
func timeOf(v time.Time) []byte { return int8Of(v.UnixMicro() - postgresEpoch) }

package eventstore

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// wire is a batch of statements in PostgreSQL's protocol (version 3, extended
// query), ready to be sent as it is. Encoding it while another batch is being
// committed, and not when its turn has come, spares the server that wait.
type wire struct {
	bytes []byte
	// statements is the number of them.
	statements int
}

// statement is prepared on a connection by its name, see prepareStatements.
type statement struct{ name, text string }

// prepareStatements makes those that a wire may refer to known to the server.
func prepareStatements(ctx context.Context, conn *pgx.Conn) error {
	for _, s := range []statement{beginBatch, takeHead, compareHead, putCommands, putEvents, putTags, putHead, endBatch} {
		if _, err := conn.Prepare(ctx, s.name, s.text); err != nil {
			return err
		}
	}
	return nil
}

var (
	binaryFormat = []int16{pgx.BinaryFormatCode} // of all parameters and results
	executeIt, _ = (&pgproto3.Execute{}).Encode(nil)
	syncPoint, _ = (&pgproto3.Sync{}).Encode(nil)
)

// add appends a statement with its parameters in their binary form.
func (w *wire) add(s statement, parameters ...[]byte) {
	bind := pgproto3.Bind{PreparedStatement: s.name, ParameterFormatCodes: binaryFormat, Parameters: parameters, ResultFormatCodes: binaryFormat}
	size := len(s.name) + len(executeIt) + 32
	for _, p := range parameters {
		size += len(p) + 4
	}
	// It fails beyond a gigabyte, far above what one commit may hold.
	w.bytes, _ = bind.Encode(slices.Grow(w.bytes, size))
	w.bytes = append(w.bytes, executeIt...)
	w.statements++
}

// end appends the point up to which the server skips what follows an error.
func (w *wire) end() { w.bytes = append(w.bytes, syncPoint...) }

// Single parameters.
func int8Of(v int64) []byte     { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
func uuidOf(v uuid.UUID) []byte { return v[:] }
func timeOf(v time.Time) []byte { return int8Of(v.UnixMicro() - postgresEpoch) }

package eventstore

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/opsledger/opsledger/domain"
)

// postgresEpoch is what PostgreSQL counts the microseconds of its times from.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// scanEnvelope reads the columns, after those of the caller.
//
// It reads PostgreSQL's binary form itself, which takes a third of what the
// driver's general way does: a replay does little else.
func scanEnvelope(row pgx.CollectableRow, before ...any) (Envelope, error) {
	r := rawRow{fields: row.RawValues()[len(before):]}
	for i, f := range row.FieldDescriptions() {
		// Text is the same in both forms.
		if i >= len(before) && f.Format != pgx.BinaryFormatCode && f.DataTypeOID != pgtype.TextOID {
			return Envelope{}, fmt.Errorf("column %s is not in binary form", f.Name)
		}
	}
	if len(before) > 0 {
		if err := row.Scan(append(before, make([]any, len(r.fields))...)...); err != nil {
			return Envelope{}, err
		}
	}
	e := Envelope{
		Position: domain.Position(r.int8()), Prev: domain.Position(r.int8()), ID: r.uuid(),
		Type: string(r.next()), Context: domain.Context(r.next()), Schema: int(r.int2()), Key: r.int8(),
		Tags: splitTags(string(r.next())), Data: json.RawMessage(bytes.Clone(r.next())),
		Actor: domain.UserID(r.int8()), CommandID: r.uuid(), Causation: domain.Position(r.int8()), Correlation: r.uuid(),
		RecordedAt: time.UnixMicro(postgresEpoch + r.int8()).UTC(),
	}
	return e, r.err
}

// rawRow takes the fields of a row in turn. After an error it gives zeros.
type rawRow struct {
	fields [][]byte
	err    error
}

func (r *rawRow) next() []byte {
	if len(r.fields) == 0 {
		r.err = fmt.Errorf("a row of the log has too few columns")
		return nil
	}
	field := r.fields[0]
	r.fields = r.fields[1:]
	return field
}

// sized takes a field of a known size.
func (r *rawRow) sized(n int) []byte {
	field := r.next()
	if len(field) != n {
		if r.err == nil {
			r.err = fmt.Errorf("a field of the log has %d bytes instead of %d", len(field), n)
		}
		return make([]byte, n)
	}
	return field
}

func (r *rawRow) int8() int64     { return int64(binary.BigEndian.Uint64(r.sized(8))) }
func (r *rawRow) int2() int16     { return int16(binary.BigEndian.Uint16(r.sized(2))) }
func (r *rawRow) uuid() uuid.UUID { return uuid.UUID(r.sized(16)) }

package eventstore

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// postgresEpoch is what PostgreSQL counts the microseconds of its times from.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// scanEnvelopes calls f with each row's envelope, whose columns come after those
// of the caller, which are scanned into before, until f returns false. It closes the rows.
//
// It reads PostgreSQL's binary form itself, in a third of the time that the driver
// takes: a replay does little else.
func scanEnvelopes(rows pgx.Rows, before []any, f func(*protocol.Envelope) (more bool)) error {
	defer rows.Close()
	names := map[string]string{}
	for first := true; rows.Next(); first = false {
		if first {
			if err := checkColumns(rows.FieldDescriptions()[len(before):]); err != nil {
				return err
			}
		}
		if len(before) > 0 {
			all := append(slices.Clone(before), make([]any, len(rows.FieldDescriptions())-len(before))...)
			if err := rows.Scan(all...); err != nil {
				return err
			}
		}
		r := rawRow{fields: rows.RawValues()[len(before):], names: names}
		e := r.envelope()
		if r.err != nil {
			return r.err
		}
		if !f(&e) {
			break
		}
	}
	return rows.Err()
}

// collectEnvelopes returns the envelopes of the rows, of which so many are expected, up to the
// one with which their data has so many bytes.
func collectEnvelopes(rows pgx.Rows, expected, bytes int) ([]protocol.Envelope, error) {
	var list []protocol.Envelope
	err := scanEnvelopes(rows, nil, func(e *protocol.Envelope) bool {
		if list == nil {
			list = make([]protocol.Envelope, 0, max(1, min(expected, scanPage)))
		}
		list, bytes = append(list, *e), bytes-len(e.Data)
		return bytes > 0
	})
	return list, err
}

// checkColumns refuses columns in text form, except those of type text, whose two forms are the same.
func checkColumns(columns []pgconn.FieldDescription) error {
	for _, f := range columns {
		if f.Format != pgx.BinaryFormatCode && f.DataTypeOID != pgtype.TextOID {
			return fmt.Errorf("column %s is not in binary form", f.Name)
		}
	}
	return nil
}

// rawRow takes the fields of a row in turn. After an error it gives zeros.
type rawRow struct {
	fields [][]byte
	// names are the names of types, contexts and doors that were seen, each kept once.
	names map[string]string
	// lent: an envelope's data and tags are good until the next row alone.
	lent bool
	tags []domain.Tag
	err  error
}

func (r *rawRow) envelope() protocol.Envelope {
	return protocol.Envelope{
		Position: domain.Position(r.int8()), Prev: domain.Position(r.int8()), ID: r.uuid(),
		Type: r.name(), Context: domain.Context(r.name()), Schema: int(r.int2()), Key: r.int8(),
		Tags: r.tagList(), Data: r.data(),
		Actor: domain.UserID(r.int8()), CommandID: r.uuid(), Causation: domain.Position(r.int8()), Correlation: r.uuid(),
		RecordedAt: time.UnixMicro(postgresEpoch + r.int8()).UTC(), More: int(r.int4()), MoreOwn: int(r.int4()),
		Credential: domain.CredentialID(r.int8()), Door: domain.Door(r.name()),
	}
}

func (r *rawRow) tagList() []domain.Tag {
	if !r.lent {
		return splitTags(string(r.next()))
	}
	r.tags = appendSplit(r.tags[:0], string(r.next()))
	return r.tags
}

func (r *rawRow) data() json.RawMessage {
	if r.lent {
		return r.next()
	}
	return bytes.Clone(r.next())
}

// name takes the name of a type, context or door, which was probably seen before.
func (r *rawRow) name() string {
	field := r.next()
	name, known := r.names[string(field)]
	if !known {
		name = string(field)
		r.names[name] = name
	}
	return name
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
func (r *rawRow) int4() int32     { return int32(binary.BigEndian.Uint32(r.sized(4))) }
func (r *rawRow) int2() int16     { return int16(binary.BigEndian.Uint16(r.sized(2))) }
func (r *rawRow) uuid() uuid.UUID { return uuid.UUID(r.sized(16)) }

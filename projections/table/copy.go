package table

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/opsledger/opsledger/domain"
)

// What PostgreSQL's binary COPY begins and ends with.
const (
	copyBegin = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	copyEnd   = "\xff\xff"
)

// oids are those of the types that can be copied.
var oids = map[Type]uint32{
	Number: pgtype.Int8OID, Tally: pgtype.Int8OID, Text: pgtype.TextOID, Bytewise: pgtype.TextOID, Flag: pgtype.BoolOID, Single: pgtype.BoolOID,
	Time: pgtype.TimestamptzOID, OptionalTime: pgtype.TimestamptzOID, JSON: pgtype.JSONBOID,
}

// postgresEpoch is what PostgreSQL counts the microseconds of its times from.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// copyRows stores rows that the table lacks by COPY. It writes the frequent kinds of values itself, in a
// small part of the time that the driver takes with reflection: a rebuild, and an import, do little else.
func copyRows[R any](ctx context.Context, tx pgx.Tx, schema string, t Table[R], rows []R) error {
	// A transaction may begin with the first statement that it is given, and not know of the COPY.
	if _, err := tx.Exec(ctx, ";"); err != nil {
		return err
	}
	conn := tx.Conn()
	text := append(make([]byte, 0, 256*len(rows)), copyBegin...)
	for i := range rows {
		var err error
		if text, err = appendRow(text, conn.TypeMap(), t.Columns(&rows[i])); err != nil {
			return fmt.Errorf("copy to %s: %w", t.Name, err)
		}
	}
	text = append(text, copyEnd...)
	columns := t.Columns(new(R))
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = pgx.Identifier{c.Name}.Sanitize()
	}
	_, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(text),
		"COPY "+pgx.Identifier{schema, t.Name}.Sanitize()+" ("+strings.Join(names, ", ")+") FROM STDIN BINARY")
	return err
}

func appendRow(b []byte, m *pgtype.Map, columns []Column) ([]byte, error) {
	b = binary.BigEndian.AppendUint16(b, uint16(len(columns)))
	for i := range columns {
		var err error
		if b, err = columns[i].append(b, m); err != nil {
			return nil, fmt.Errorf("%s: %w", columns[i].Name, err)
		}
	}
	return b, nil
}

// append adds the value behind its length.
func (c *Column) append(b []byte, m *pgtype.Map) ([]byte, error) {
	switch kind := c.Type.base(); value := c.Place.(type) {
	case *int64:
		if kind == Number || kind == Tally {
			return appendNumber(b, *value), nil
		}
	case *domain.Position:
		if kind == Number || kind == Tally {
			return appendNumber(b, int64(*value)), nil
		}
	case *uint32:
		if kind == Number || kind == Tally {
			return appendNumber(b, int64(*value)), nil
		}
	case *string:
		if kind == Text || kind == Bytewise {
			return append(binary.BigEndian.AppendUint32(b, uint32(len(*value))), *value...), nil
		}
	case *bool:
		if kind == Flag {
			b = binary.BigEndian.AppendUint32(b, 1)
			if *value {
				return append(b, 1), nil
			}
			return append(b, 0), nil
		}
	case *time.Time:
		if kind == Time {
			return appendNumber(b, value.UnixMicro()-postgresEpoch), nil
		}
	}
	return c.appendOther(b, m)
}

func appendNumber(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(n))
}

// appendOther has the driver write the value.
func (c *Column) appendOther(b []byte, m *pgtype.Map) ([]byte, error) {
	const null = 1<<32 - 1
	at := len(b)
	b = binary.BigEndian.AppendUint32(b, null)
	text, err := m.Encode(oids[c.Type.base()], pgx.BinaryFormatCode, c.Place, b)
	if err != nil || text == nil {
		return b, err
	}
	binary.BigEndian.PutUint32(text[at:], uint32(len(text)-at-4))
	return text, nil
}

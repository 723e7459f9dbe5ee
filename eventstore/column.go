package eventstore

import (
	"encoding/binary"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// column is an array parameter in PostgreSQL's binary form. Writing that form
// directly takes a small part of the time that the driver takes with reflection, and
// the writer does little else while everybody waits.
type column struct {
	bytes []byte
	n     uint32
}

const columnHeader = 20

// newColumn begins an array with elements of the type. It makes room for that many
// elements, of size bytes together.
func newColumn(element uint32, elements, size int) *column {
	b := make([]byte, 0, columnHeader+4*elements+size)
	b = binary.BigEndian.AppendUint32(b, 1) // dimensions
	b = binary.BigEndian.AppendUint32(b, 0) // set when there is a NULL
	b = binary.BigEndian.AppendUint32(b, element)
	b = binary.BigEndian.AppendUint32(b, 0) // elements, see encoded
	b = binary.BigEndian.AppendUint32(b, 1) // the first one's index
	return &column{bytes: b}
}

// Columns of n elements of a fixed size.
func newInts(n int) *column   { return newColumn(pgtype.Int8OID, n, 8*n) }
func newInt4s(n int) *column  { return newColumn(pgtype.Int4OID, n, 4*n) }
func newShorts(n int) *column { return newColumn(pgtype.Int2OID, n, 2*n) }
func newTimes(n int) *column  { return newColumn(pgtype.TimestamptzOID, n, 8*n) }
func newUUIDs(n int) *column  { return newColumn(pgtype.UUIDOID, n, 16*n) }

func (c *column) size(n int) {
	c.n++
	c.bytes = binary.BigEndian.AppendUint32(c.bytes, uint32(n))
}

func (c *column) int8(v int64) {
	c.size(8)
	c.bytes = binary.BigEndian.AppendUint64(c.bytes, uint64(v))
}
func (c *column) time(v time.Time) { c.int8(v.UnixMicro() - postgresEpoch) }
func (c *column) int4(v int32) {
	c.size(4)
	c.bytes = binary.BigEndian.AppendUint32(c.bytes, uint32(v))
}
func (c *column) int2(v int16) {
	c.size(2)
	c.bytes = binary.BigEndian.AppendUint16(c.bytes, uint16(v))
}
func (c *column) uuid(v [16]byte) { c.size(16); c.bytes = append(c.bytes, v[:]...) }
func (c *column) text(v string)   { c.size(len(v)); c.bytes = append(c.bytes, v...) }
func (c *column) data(v []byte)   { c.size(len(v)); c.bytes = append(c.bytes, v...) }

// null adds an element that is NULL.
func (c *column) null() {
	c.size(-1)
	binary.BigEndian.PutUint32(c.bytes[4:], 1)
}

// encoded ends the array.
func (c *column) encoded() []byte {
	binary.BigEndian.PutUint32(c.bytes[12:], c.n)
	return c.bytes
}

// Arrays of the elements of a slice.
func intsOf(list []int64) []byte {
	c := newInts(len(list))
	for _, v := range list {
		c.int8(v)
	}
	return c.encoded()
}

func textsOf(list []string) []byte {
	c := newColumn(pgtype.TextOID, len(list), 0)
	for _, v := range list {
		c.text(v)
	}
	return c.encoded()
}

package zonefile

import (
	"encoding/binary"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Forms of the fields of a LOC record (RFC 1876, section 3), as narrow as named reads them.
var (
	wholeNumber  = regexp.MustCompile(`^[0-9]{1,3}$`)
	secondsOfArc = regexp.MustCompile(`^([0-9]{1,2})(?:\.([0-9]{0,3}))?$`)
	lengthInM    = regexp.MustCompile(`^([0-9]{1,8})(?:\.([0-9]{0,2}))?m?$`)
)

// location reads the fields of a LOC record, and returns its data as on the wire.
func location(fields []token) (data string, refusal *domain.Error) {
	r := locationReader{fields: fields}
	wire := make([]byte, 4, 16)
	latitude := r.coordinate("N", "S", 90)
	longitude := r.coordinate("E", "W", 180)
	altitude := r.altitude()
	for i, precision := range []byte{0x12, 0x16, 0x13} { // 1 m, 10 km, 10 m
		if len(r.fields) > 0 {
			precision = r.precision()
		}
		wire[1+i] = precision
	}
	if r.failed || len(r.fields) > 0 {
		return "", domain.Refused("a LOC record is written as in %q", "52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m")
	}
	for _, number := range []uint32{latitude, longitude, altitude} {
		wire = binary.BigEndian.AppendUint32(wire, number)
	}
	return string(wire), nil
}

// locationReader reads fields one after the other. What is read after it failed has no meaning.
type locationReader struct {
	fields []token
	failed bool
}

// next takes a field, empty for none.
func (r *locationReader) next() string {
	if len(r.fields) == 0 || r.fields[0].quoted {
		r.failed = true
		return ""
	}
	text := r.fields[0].raw
	r.fields = r.fields[1:]
	return text
}

// number takes a field of a form, a decimal fraction of so many digits included.
func (r *locationReader) number(form *regexp.Regexp, text string, digits int) uint64 {
	m := form.FindStringSubmatch(text)
	if m == nil {
		r.failed = true
		return 0
	}
	whole := m[0]
	if digits > 0 {
		whole = m[1] + m[2] + strings.Repeat("0", digits-len(m[2]))
	}
	n, err := strconv.ParseUint(whole, 10, 64)
	r.failed = r.failed || err != nil
	return n
}

// coordinate reads degrees [minutes [seconds]] direction, in thousandths of a second.
func (r *locationReader) coordinate(plus, minus string, most uint64) uint32 {
	const degree, minute, equator = 3600_000, 60_000, 1 << 31
	at := degree * r.number(wholeNumber, r.next(), 0)
	text := r.next()
	for _, part := range []struct {
		form         *regexp.Regexp
		digits       int
		unit, beyond uint64
	}{{wholeNumber, 0, minute, degree}, {secondsOfArc, 3, 1, minute}} {
		if text == plus || text == minus {
			break
		}
		more := part.unit * r.number(part.form, text, part.digits)
		r.failed = r.failed || more >= part.beyond
		at, text = at+more, r.next()
	}
	r.failed = r.failed || at > most*degree || text != plus && text != minus
	if text == minus {
		return uint32(equator - at)
	}
	return uint32(equator + at)
}

// altitude is in centimetres above one of 100 km below the ellipsoid.
func (r *locationReader) altitude() uint32 {
	const base = 100_000_00
	text, below := strings.CutPrefix(r.next(), "-")
	height := r.number(lengthInM, text, 2)
	switch {
	case below && height <= base:
		return uint32(base - height)
	case !below && height <= math.MaxUint32-base:
		return uint32(base + height)
	}
	r.failed = true
	return 0
}

// precision is a digit and a power of ten, in centimetres.
func (r *locationReader) precision() byte {
	n := r.number(lengthInM, r.next(), 2)
	r.failed = r.failed || n > 90_000_000_00
	power := byte(0)
	for ; n >= 10; n /= 10 {
		power++
	}
	return byte(n)<<4 | power
}

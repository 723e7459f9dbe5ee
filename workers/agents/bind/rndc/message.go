package rndc

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// The wire form is a table of named values, nested: a name is a length octet
// and octets, a value a type octet, a four-octet length and the value.
const (
	typeBinary = 0x01
	typeTable  = 0x02
	typeList   = 0x03

	protocolVersion = 1
	hmacSHA256      = 163
	// signatureSize is the fixed room for the algorithm's octet and the base64 digest.
	signatureSize = 1 + 88
	maxMessage    = 64 << 20
)

var errMalformed = errors.New("malformed control message")

// field is one entry of a table; exactly one of value and table is set.
type field struct {
	name  string
	value []byte
	table []field
}

func text(name, value string) field { return field{name: name, value: []byte(value)} }

func lookup(fields []field, name string) field {
	for _, f := range fields {
		if f.name == name {
			return f
		}
	}
	return field{}
}

func appendTable(b []byte, fields []field) []byte {
	for _, f := range fields {
		b = append(b, byte(len(f.name)))
		b = append(b, f.name...)
		if f.table != nil {
			inner := appendTable(nil, f.table)
			b = append(b, typeTable)
			b = binary.BigEndian.AppendUint32(b, uint32(len(inner)))
			b = append(b, inner...)
			continue
		}
		b = append(b, typeBinary)
		b = binary.BigEndian.AppendUint32(b, uint32(len(f.value)))
		b = append(b, f.value...)
	}
	return b
}

// encode returns the signed message with its length and version in front.
func encode(secret []byte, fields []field) []byte {
	body := appendTable(nil, fields)
	auth := appendTable(nil, []field{{name: "_auth", table: []field{{name: "hsha", value: sign(secret, body)}}}})
	out := binary.BigEndian.AppendUint32(nil, uint32(4+len(auth)+len(body)))
	out = binary.BigEndian.AppendUint32(out, protocolVersion)
	return append(append(out, auth...), body...)
}

func sign(secret, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	sig := make([]byte, signatureSize)
	sig[0] = hmacSHA256
	base64.StdEncoding.Encode(sig[1:], mac.Sum(nil))
	return sig
}

// decode checks version and signature of a message (without its length) and returns its fields.
func decode(secret, msg []byte) ([]field, error) {
	if len(msg) < 4 || binary.BigEndian.Uint32(msg) != protocolVersion {
		return nil, errMalformed
	}
	name, auth, body, err := cutField(msg[4:])
	if err != nil || name != "_auth" {
		return nil, errMalformed
	}
	signature := lookup(auth.table, "hsha").value
	if len(signature) != signatureSize {
		return nil, fmt.Errorf("%w: no HMAC-SHA256 signature", errMalformed)
	}
	want := sign(secret, body)
	if !hmac.Equal(bytes.TrimRight(signature, "=\x00"), bytes.TrimRight(want, "=\x00")) {
		return nil, errors.New("control message is signed with another key")
	}
	return parseTable(body)
}

func parseTable(b []byte) ([]field, error) {
	fields := []field{}
	for len(b) > 0 {
		_, f, rest, err := cutField(b)
		if err != nil {
			return nil, err
		}
		fields, b = append(fields, f), rest
	}
	return fields, nil
}

// cutField takes the first entry off a table's octets.
func cutField(b []byte) (name string, f field, rest []byte, err error) {
	if len(b) < 1 || len(b) < 1+int(b[0])+5 {
		return "", f, nil, errMalformed
	}
	n := 1 + int(b[0])
	name = string(b[1:n])
	kind, size := b[n], uint64(binary.BigEndian.Uint32(b[n+1:]))
	b = b[n+5:]
	if size > uint64(len(b)) {
		return "", f, nil, errMalformed
	}
	f = field{name: name, value: b[:size]}
	if kind == typeTable {
		if f.table, err = parseTable(b[:size]); err != nil {
			return "", f, nil, err
		}
	} else if kind != typeBinary && kind != typeList && kind != 0 {
		return "", f, nil, errMalformed
	}
	return name, f, b[size:], nil
}

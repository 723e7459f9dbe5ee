package domain

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"
)

// plainJSON reads the JSON that encoding/json writes for a struct type of
// numbers, texts, truth values and such structs: all fields in their order, no
// white space. It reads that several times faster than encoding/json, which a
// replay of the log would otherwise wait for. Whatever is not of exactly that
// form (another order, an escape, a number out of range) it declines, and
// encoding/json decides.
//
// Invariants:
//  1. What it does not decline, encoding/json reads as the same value.
type plainJSON struct{ fields []plainField }

type plainField struct {
	index int
	// key is the field's name with the quotes and the colon.
	key string
	// optional: encoding/json leaves the zero value out.
	optional bool
	kind     reflect.Kind
	// inner is the form of a struct.
	inner *plainJSON
}

// plainJSONOf returns nil for types that have more to them.
func plainJSONOf(t reflect.Type) *plainJSON {
	if t.Kind() != reflect.Struct || readsItself(t) {
		return nil
	}
	p := &plainJSON{}
	for i := range t.NumField() {
		f, ok := plainFieldOf(t.Field(i))
		if !ok {
			return nil
		}
		f.index = i
		p.fields = append(p.fields, f)
	}
	return p
}

func plainFieldOf(sf reflect.StructField) (f plainField, ok bool) {
	name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
	if !sf.IsExported() || sf.Anonymous || name == "" || name == "-" || readsItself(sf.Type) || (options != "" && options != "omitempty") {
		return f, false
	}
	f = plainField{key: `"` + name + `":`, optional: options != "", kind: sf.Type.Kind()}
	switch f.kind {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.String, reflect.Bool:
		return f, true
	case reflect.Struct:
		f.inner = plainJSONOf(sf.Type)
		return f, f.inner != nil
	}
	return f, false
}

func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// decode fills v, a zero struct of the type, or declines and leaves it in any state.
func (p *plainJSON) decode(data []byte, v reflect.Value) bool {
	rest, ok := p.object(data, v)
	return ok && len(rest) == 0
}

// The functions below read a value at the beginning of data and return what follows it.

func (p *plainJSON) object(data []byte, v reflect.Value) (rest []byte, ok bool) {
	if data, ok = after(data, "{"); !ok {
		return nil, false
	}
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		value, present := f.begin(data, first)
		if !present {
			if !f.optional {
				return nil, false
			}
			continue
		}
		if data, ok = f.read(value, v.Field(f.index)); !ok {
			return nil, false
		}
		first = false
	}
	return after(data, "}")
}

// begin finds the field's value, if the field comes next.
func (f *plainField) begin(data []byte, first bool) (value []byte, present bool) {
	if !first {
		var ok bool
		if data, ok = after(data, ","); !ok {
			return nil, false
		}
	}
	return after(data, f.key)
}

func (f *plainField) read(data []byte, v reflect.Value) (rest []byte, ok bool) {
	switch {
	case f.kind == reflect.Struct:
		return f.inner.object(data, v)
	case f.kind == reflect.String:
		text, rest, ok := plainText(data)
		if ok {
			v.SetString(string(text))
		}
		return rest, ok
	case f.kind == reflect.Bool:
		if rest, ok := after(data, "true"); ok {
			v.SetBool(true)
			return rest, true
		}
		return after(data, "false")
	case v.CanInt():
		negative := len(data) > 0 && data[0] == '-'
		if negative {
			data = data[1:]
		}
		n, rest, ok := plainNumber(data)
		i := int64(n)
		if negative {
			ok = ok && n != 0 // -0 is left to encoding/json
			i = -i
		}
		if !ok || v.OverflowInt(i) {
			return nil, false
		}
		v.SetInt(i)
		return rest, true
	default:
		n, rest, ok := plainNumber(data)
		if !ok || v.OverflowUint(n) {
			return nil, false
		}
		v.SetUint(n)
		return rest, true
	}
}

// plainNumber reads up to 18 digits, which fit into an int64 with either sign.
func plainNumber(data []byte) (n uint64, rest []byte, ok bool) {
	i := 0
	for ; i < len(data) && i < 19 && '0' <= data[i] && data[i] <= '9'; i++ {
		n = 10*n + uint64(data[i]-'0')
	}
	if i == 0 || i > 18 || i > 1 && data[0] == '0' {
		return 0, nil, false
	}
	return n, data[i:], true // a fraction or an exponent is not what follows a value
}

// plainText reads a text without escapes.
func plainText(data []byte) (text, rest []byte, ok bool) {
	if len(data) == 0 || data[0] != '"' {
		return nil, nil, false
	}
	ascii := true
	for i := 1; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			text = data[1:i]
			return text, data[i+1:], ascii || utf8.Valid(text)
		case c == '\\' || c < ' ':
			return nil, nil, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, nil, false
}

func after(data []byte, prefix string) (rest []byte, ok bool) {
	if len(data) < len(prefix) || string(data[:len(prefix)]) != prefix {
		return nil, false
	}
	return data[len(prefix):], true
}

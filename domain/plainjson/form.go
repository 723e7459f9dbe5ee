package plainjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
)

// Form describes how encoding/json writes a struct type whose fields are numbers,
// texts, truth values, such structs or lists of those: all fields, in their order.
//
// Invariants:
//  1. Whatever a form reads, encoding/json reads as the same values.
type Form struct{ fields []field }

type field struct {
	index int
	// key is the comma before the field, its name with the quotes, and the colon.
	key string
	// optional: encoding/json leaves the zero value out.
	optional bool
	kind     reflect.Kind
	// inner is the form of a struct, or of the elements of a list.
	inner *Form
}

// FormOf returns the form of a struct type, nil for types that are not as simple
// as that.
func FormOf(t reflect.Type) *Form {
	if t.Kind() != reflect.Struct || readsItself(t) {
		return nil
	}
	form := &Form{}
	for i := range t.NumField() {
		f, ok := fieldOf(t.Field(i))
		if !ok {
			return nil
		}
		f.index = i
		form.fields = append(form.fields, f)
	}
	return form
}

func fieldOf(sf reflect.StructField) (f field, ok bool) {
	name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
	if !sf.IsExported() || sf.Anonymous || name == "" || name == "-" || readsItself(sf.Type) || (options != "" && options != "omitempty") {
		return f, false
	}
	f = field{key: `,"` + name + `":`, optional: options != "", kind: sf.Type.Kind()}
	switch f.kind {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.String, reflect.Bool:
		return f, true
	case reflect.Struct:
		f.inner = FormOf(sf.Type)
		return f, f.inner != nil
	case reflect.Slice:
		f.inner = FormOf(sf.Type.Elem())
		return f, f.inner != nil
	}
	return f, false
}

func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// Read fills v, a zero struct of the form's type, or declines and leaves it in any state.
func (f *Form) Read(text []byte, v reflect.Value) bool {
	r := NewReader(text)
	f.object(&r, v)
	return r.Done()
}

func (f *Form) object(r *Reader, v reflect.Value) {
	r.After("{")
	comma := 1 // the first field has none
	for i := range f.fields {
		field := &f.fields[i]
		if r.Pass(field.key[comma:]) {
			field.read(r, v.Field(field.index))
			comma = 0
		} else if !field.optional {
			r.Decline()
			return
		}
	}
	r.After("}")
}

// list reads a list of structs into an empty one.
func (f *Form) list(r *Reader, v reflect.Value) {
	if r.Pass("null") {
		return
	}
	r.After("[")
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	if r.Pass("]") {
		return
	}
	for n := 0; n == 0 || r.Pass(","); n++ {
		v.Grow(1)
		v.SetLen(n + 1)
		f.object(r, v.Index(n))
	}
	r.After("]")
}

func (f *field) read(r *Reader, v reflect.Value) {
	switch {
	case f.kind == reflect.Struct:
		f.inner.object(r, v)
	case f.kind == reflect.Slice:
		f.inner.list(r, v)
	case f.kind == reflect.String:
		v.SetString(string(r.Text()))
	case f.kind == reflect.Bool:
		yes := r.Pass("true")
		if !yes {
			r.After("false")
		}
		v.SetBool(yes)
	case v.CanInt():
		if n := r.Int(); v.OverflowInt(n) {
			r.Decline()
		} else {
			v.SetInt(n)
		}
	default:
		if n := r.Uint(); v.OverflowUint(n) {
			r.Decline()
		} else {
			v.SetUint(n)
		}
	}
}

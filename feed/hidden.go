package feed

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/opsledger/opsledger/domain/access"
)

// veil says what of the JSON of a Go type is shown to nobody; nil: all of it is shown. What
// is hidden follows from the type of the event alone: a personal field by its own type, and
// what has to do with a secret by its tag, see [domain.Event].
type veil struct {
	// whole: nothing is shown.
	whole  bool
	fields map[string]*veil
	// each is that of the elements of a list.
	each *veil
}

var sealed = reflect.TypeFor[access.Sealed]()

func veilOf(t reflect.Type) *veil {
	switch {
	case t == sealed:
		return &veil{whole: true}
	case t.Kind() == reflect.Pointer:
		return veilOf(t.Elem())
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		if v := veilOf(t.Elem()); v != nil {
			return &veil{each: v}
		}
	case t.Kind() == reflect.Struct:
		fields := map[string]*veil{}
		veilFields(t, fields)
		if len(fields) > 0 {
			return &veil{fields: fields}
		}
	}
	return nil
}

func veilFields(t reflect.Type, fields map[string]*veil) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			veilFields(f.Type, fields) // as encoding/json takes them for its own
		case f.Tag.Get("hidden") == "true":
			fields[name] = &veil{whole: true}
		default:
			if v := veilOf(f.Type); v != nil {
				fields[name] = v
			}
		}
	}
}

// null is what stands for what is not shown.
var null = json.RawMessage("null")

// over returns the data with null for each thing that is not shown, also for one that is
// not there: whether somebody has a mail address is personal, too.
func (v *veil) over(data json.RawMessage) (json.RawMessage, error) {
	switch {
	case v == nil:
		return data, nil
	case v.whole:
		return null, nil
	case string(data) == string(null):
		return data, nil
	case v.each != nil:
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, err
		}
		for i := range list {
			var err error
			if list[i], err = v.each.over(list[i]); err != nil {
				return nil, err
			}
		}
		return encode(list)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, err
	}
	for name, part := range v.fields {
		value, there := object[name]
		if !there && !part.whole {
			continue
		}
		covered, err := part.over(value)
		if err != nil {
			return nil, err
		}
		object[name] = covered
	}
	return encode(object)
}

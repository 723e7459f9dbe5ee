package access

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/plainjson"
)

// Withheld says what of the JSON of a Go type is shown to nobody; nil: nothing is withheld. It follows
// from the type alone: a personal field is withheld by its own type, and what has to do with a secret
// by its tag, see [domain.Event]. So no new event can be forgotten.
type Withheld struct {
	// Whole: nothing is shown.
	Whole bool
	// Fields are those of an object of which something is withheld, by their names.
	Fields map[string]*Withheld
	// Each is that of the elements of a list.
	Each *Withheld
}

var (
	sealed = reflect.TypeFor[Sealed]()
	// withheld has what was found out before: reflect.Type → *Withheld.
	withheld sync.Map
)

// WithheldOf says what is withheld of an event.
func WithheldOf(e domain.Event) *Withheld {
	t := reflect.TypeOf(e)
	known, ok := withheld.Load(t)
	if !ok {
		known, _ = withheld.LoadOrStore(t, withheldOfType(t))
	}
	return known.(*Withheld)
}

func withheldOfType(t reflect.Type) *Withheld {
	switch {
	case t == sealed:
		return &Withheld{Whole: true}
	case t.Kind() == reflect.Pointer:
		return withheldOfType(t.Elem())
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		if w := withheldOfType(t.Elem()); w != nil {
			return &Withheld{Each: w}
		}
	case t.Kind() == reflect.Struct:
		fields := map[string]*Withheld{}
		withheldFields(t, fields)
		if len(fields) > 0 {
			return &Withheld{Fields: fields}
		}
	}
	return nil
}

func withheldFields(t reflect.Type, fields map[string]*Withheld) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			withheldFields(f.Type, fields) // as encoding/json takes them for its own
		case f.Tag.Get("hidden") == "true":
			fields[name] = &Withheld{Whole: true}
		default:
			if w := withheldOfType(f.Type); w != nil {
				fields[name] = w
			}
		}
	}
}

// null is what stands for what is not shown.
var null = json.RawMessage("null")

// Null returns the data with null for each thing that is withheld, also for one that is not there:
// whether somebody has a mail address is personal, too.
func (w *Withheld) Null(data json.RawMessage) (json.RawMessage, error) {
	switch {
	case w == nil:
		return data, nil
	case w.Whole:
		return null, nil
	case string(data) == string(null):
		return data, nil
	case w.Each != nil:
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, err
		}
		for i := range list {
			var err error
			if list[i], err = w.Each.Null(list[i]); err != nil {
				return nil, err
			}
		}
		return plainjson.Line(list)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, err
	}
	for name, part := range w.Fields {
		value, there := object[name]
		if !there && !part.Whole {
			continue
		}
		covered, err := part.Null(value)
		if err != nil {
			return nil, err
		}
		object[name] = covered
	}
	return plainjson.Line(object)
}

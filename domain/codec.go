package domain

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/opsledger/opsledger/domain/plainjson"
)

// Upcaster turns the JSON data of one schema of an event into that of the next.
type Upcaster func(json.RawMessage) (json.RawMessage, error)

// Descriptor says how one event type is stored.
type Descriptor struct {
	Name    string
	Context Context
	// Upcasters[i] lifts schema i+1 to i+2; the current schema is len(Upcasters)+1.
	Upcasters []Upcaster
	// Decode reads data of the current schema.
	Decode func(json.RawMessage) (Event, error)
}

// Schema is the number of the last schema; the first is 1.
func (d Descriptor) Schema() int { return len(d.Upcasters) + 1 }

// Plain is an event that may say no more than an earlier schema can, in the same form. It is written in that
// one then, so that a program of the version before reads it while both run side by side.
type Plain interface {
	Event
	// Needs is the least schema that can say what the event says.
	Needs() int
}

// SchemaOf is the number of the schema that an event is written in.
func (d Descriptor) SchemaOf(e Event) int {
	if plain, is := e.(Plain); is {
		return plain.Needs()
	}
	return d.Schema()
}

// Describe builds the descriptor of event type E, whose zero value must know its name.
func Describe[E Event](context Context, upcasters ...Upcaster) Descriptor {
	var zero E
	plain := plainjson.FormOf(reflect.TypeFor[E]())
	return Descriptor{
		Name: zero.EventType(), Context: context, Upcasters: upcasters,
		Decode: func(data json.RawMessage) (Event, error) {
			var e E
			if plain != nil && plain.Read(data, reflect.ValueOf(&e).Elem()) {
				return e, nil
			}
			e = zero // it may have been filled in part
			if err := json.Unmarshal(data, &e); err != nil {
				return nil, err
			}
			return e, nil
		},
	}
}

// Codec encodes and decodes the event types that it was built with.
type Codec struct{ byName map[string]Descriptor }

// NewCodec returns a codec for the given types. It panics when a name is given
// twice, a programming error found by any test.
func NewCodec(lists ...[]Descriptor) *Codec {
	c := &Codec{byName: map[string]Descriptor{}}
	for _, list := range lists {
		for _, d := range list {
			if _, twice := c.byName[d.Name]; twice {
				panic("domain: event type described twice: " + d.Name)
			}
			c.byName[d.Name] = d
		}
	}
	return c
}

// Descriptor returns the descriptor of the named type.
func (c *Codec) Descriptor(name string) (Descriptor, bool) {
	d, ok := c.byName[name]
	return d, ok
}

// Descriptors returns all descriptors in no particular order.
func (c *Codec) Descriptors() []Descriptor {
	list := make([]Descriptor, 0, len(c.byName))
	for _, d := range c.byName {
		list = append(list, d)
	}
	return list
}

// Encode returns the event's descriptor and its data in the current schema.
func (c *Codec) Encode(e Event) (Descriptor, json.RawMessage, error) {
	d, ok := c.byName[e.EventType()]
	if !ok {
		return d, nil, fmt.Errorf("encode event: unknown type %q", e.EventType())
	}
	data, err := json.Marshal(e)
	if err != nil {
		return d, nil, fmt.Errorf("encode %s: %w", d.Name, err)
	}
	return d, data, nil
}

// Decode reads an event of any schema ever released.
func (c *Codec) Decode(name string, schema int, data json.RawMessage) (Event, error) {
	e, _, err := c.Lift(name, schema, data)
	return e, err
}

// Lift is Decode that also returns the data as the current schema has it.
func (c *Codec) Lift(name string, schema int, data json.RawMessage) (Event, json.RawMessage, error) {
	d, ok := c.byName[name]
	if !ok {
		return nil, nil, fmt.Errorf("decode event: unknown type %q", name)
	}
	if schema < 1 || schema > d.Schema() {
		return nil, nil, fmt.Errorf("decode %s: schema %d is not known, this program writes %d", name, schema, d.Schema())
	}
	for i := schema - 1; i < len(d.Upcasters); i++ {
		var err error
		if data, err = d.Upcasters[i](data); err != nil {
			return nil, nil, fmt.Errorf("lift %s from schema %d: %w", name, i+1, err)
		}
	}
	e, err := d.Decode(data)
	if err != nil {
		return nil, nil, fmt.Errorf("decode %s: %w", name, err)
	}
	return e, data, nil
}

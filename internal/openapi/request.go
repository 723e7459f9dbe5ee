package openapi

import (
	"fmt"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"
)

// Request is what a client sent.
type Request struct {
	Method, Path, ContentType string
	Body                      []byte
}

// Takes returns the names of an operation's parameters in the query, and those of the members
// of its JSON body, each in order.
func (d *Description) Takes(o *Operation) (query, body []string) {
	for _, p := range o.Parameters {
		if p.Ref != "" {
			p = d.Components.Parameters[strings.TrimPrefix(p.Ref, "#/components/parameters/")]
		}
		if p.In == "query" {
			query = append(query, p.Name)
		}
	}
	if s := d.bodyOf(o); s != nil {
		body = slices.Compact(slices.Sorted(slices.Values(s.members(d.Components.Schemas))))
	}
	slices.Sort(query)
	return query, body
}

// members are the names of the properties of an object, or of all that it may be.
func (s *Schema) members(named map[string]*Schema) []string {
	if s.Ref != "" {
		return named[strings.TrimPrefix(s.Ref, "#/components/schemas/")].members(named)
	}
	names := slices.Collect(maps.Keys(s.Properties))
	for _, choice := range slices.Concat(s.OneOf, s.AnyOf) {
		names = append(names, choice.members(named)...)
	}
	return names
}

// bodyOf returns the schema of an operation's JSON body, nil if there is none.
func (d *Description) bodyOf(o *Operation) *Schema {
	if o == nil || o.RequestBody == nil {
		return nil
	}
	m := *o.RequestBody
	if m.Ref != "" {
		m = d.Components.RequestBodies[strings.TrimPrefix(m.Ref, "#/components/requestBodies/")]
	}
	return m.Content["application/json"].Schema
}

// FaultOfAccepted says what the description asks for that a request lacks which was carried
// out; it is empty if there is nothing. Only JSON is looked at.
func (d *Description) FaultOfAccepted(r Request) string {
	item, _ := d.item(r.Path)
	schema := d.bodyOf(item.operations()[r.Method])
	kind, _, err := mime.ParseMediaType(r.ContentType)
	if schema == nil || err != nil || kind != "application/json" {
		return ""
	}
	value, err := decode(r.Body)
	if err != nil {
		return err.Error()
	}
	lack := schema.Lack(d.Components.Schemas, value)
	return faultUnless(lack == "", "the body"+lack)
}

// Lack says what a value lacks that the schema requires, beginning with where in the value
// that is, or which of its texts and numbers are none that the schema lists. A server may
// read numbers and lists from texts, and one item as a list; null and the empty text count
// as absent.
func (s *Schema) Lack(named map[string]*Schema, value any) string {
	if s.Ref != "" {
		return named[strings.TrimPrefix(s.Ref, "#/components/schemas/")].Lack(named, value)
	}
	if choices := slices.Concat(s.OneOf, s.AnyOf); len(choices) > 0 {
		return lackOfAll(choices, named, value)
	}
	switch v := value.(type) {
	case map[string]any:
		return s.lackOfObject(named, v)
	case []any:
		return s.lackOfArray(named, v)
	default:
		listed := slices.ContainsFunc(s.Enum, func(one any) bool { return fmt.Sprint(one) == fmt.Sprint(value) })
		return faultUnless(absent(value) || len(s.Enum) == 0 || listed, fmt.Sprintf(" is %v, none of %v", value, s.Enum))
	}
}

func absent(value any) bool { return value == nil || value == "" }

// lackOfAll is empty if the value lacks nothing of one of the choices.
func lackOfAll(choices []*Schema, named map[string]*Schema, value any) string {
	lacks := make([]string, len(choices))
	for i, choice := range choices {
		if lacks[i] = choice.Lack(named, value); lacks[i] == "" {
			return ""
		}
	}
	return " is nothing that it may be:" + strings.Join(lacks, ";")
}

func (s *Schema) lackOfObject(named map[string]*Schema, object map[string]any) string {
	switch {
	case s.Items != nil:
		return s.Items.Lack(named, object)
	case s.Type != "object":
		return " is an object"
	}
	for _, name := range s.Required {
		if absent(object[name]) {
			return "." + name + " is missing"
		}
	}
	for name, property := range s.Properties {
		if lack := property.Lack(named, object[name]); lack != "" {
			return "." + name + lack
		}
	}
	return ""
}

func (s *Schema) lackOfArray(named map[string]*Schema, list []any) string {
	if s.Items == nil {
		return " is a list"
	}
	for i, item := range list {
		if lack := s.Items.Lack(named, item); lack != "" {
			return "[" + strconv.Itoa(i) + "]" + lack
		}
	}
	return ""
}

package openapi

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestFault: a value that breaks a keyword is found.
func TestFault(t *testing.T) {
	t.Parallel()
	two := 2
	text, number := &Schema{Type: "string"}, &Schema{Type: "integer"}
	for want, c := range map[string]struct {
		schema *Schema
		value  any
	}{
		"":                                          {&Schema{Type: "string", Nullable: true}, nil},
		" is of type <nil>, not string":             {text, nil},
		" is of type number, not integer":           {number, 1.5},
		" is of type integer, not string":           {text, 1},
		" is of type boolean, not string":           {&Schema{Ref: "#/components/schemas/Text"}, true},
		" is of the schema #/x, which is not there": {&Schema{Ref: "#/x"}, ""},
		" is b, none of [a]":                        {&Schema{Type: "string", Enum: []any{"a"}}, "b"},
		".a is missing":                             {&Schema{Type: "object", Required: []string{"a"}}, map[string]any{}},
		".b is not described":                       {&Schema{Type: "object", Properties: map[string]*Schema{"a": text}}, map[string]any{"b": ""}},
		".a is of type integer, not string":         {&Schema{Type: "object", Properties: map[string]*Schema{"a": text}}, map[string]any{"a": 1}},
		"[1] is of type integer, not string":        {&Schema{Type: "array", Items: text}, []any{"", 1}},
		" has 0 items":                              {&Schema{Type: "array", Items: text, MinItems: 1}, []any{}},
		" has 3 items":                              {&Schema{Type: "array", Items: text, MaxItems: &two}, []any{"", "", ""}},
		" has 1 characters":                         {&Schema{Type: "string", MinLength: 2}, "权"},
		" has 3 characters":                         {&Schema{Type: "string", MaxLength: &two}, "abc"},
		` is "b", which does not match ^a$`:         {&Schema{Type: "string", Pattern: "^a$"}, "b"},
		" is 1, out of range":                       {&Schema{Type: "integer", Minimum: &two}, 1},
		" is 3, out of range":                       {&Schema{Type: "integer", Maximum: &two}, 3},
		" is 2 of what it may be one of":            {&Schema{OneOf: []*Schema{text, text}}, ""},
		" is nothing that it may be: is of type boolean, not integer": {&Schema{AnyOf: []*Schema{number}}, true},
	} {
		if got := c.schema.Fault(map[string]*Schema{"Text": text}, c.value); got != want {
			t.Errorf("the fault of %v is %q, want %q", c.value, got, want)
		}
	}
	for _, value := range []any{1, 1.5, json.Number("1.5")} {
		if fault := (&Schema{Type: "number"}).Fault(nil, value); fault != "" {
			t.Errorf("the fault of the number %v is %q", value, fault)
		}
	}
	moment := &Schema{Type: "string", Format: "date-time"}
	if fault := moment.Fault(nil, "2026-01-02 03:04:05"); !strings.HasPrefix(fault, " is no date-time") {
		t.Errorf("the fault of a time is %q", fault)
	}
}

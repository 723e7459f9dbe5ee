package openapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Schema is a schema, with the keywords that the description uses.
type Schema struct {
	Ref                   string `yaml:"$ref"`
	Type, Format, Pattern string
	Description           string
	Nullable              bool
	Enum                  []any
	EnumNames             []string `yaml:"x-enum-varnames"`
	Default               any
	Minimum, Maximum      *int
	MinLength             int  `yaml:"minLength"`
	MaxLength             *int `yaml:"maxLength"`
	MinItems              int  `yaml:"minItems"`
	MaxItems              *int `yaml:"maxItems"`
	Items                 *Schema
	Required              []string
	Properties            map[string]*Schema
	AdditionalProperties  *bool     `yaml:"additionalProperties"`
	OneOf                 []*Schema `yaml:"oneOf"`
	AnyOf                 []*Schema `yaml:"anyOf"`
}

// Fault says in what a value is not as the schema says, beginning with where in
// the value that is; it is empty if there is nothing. A key that the schema of an
// object does not name is a fault, unless the schema names none.
func (s *Schema) Fault(named map[string]*Schema, value any) string {
	if s.Ref != "" {
		of, known := named[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		if !known {
			return " is of the schema " + s.Ref + ", which is not there"
		}
		return of.Fault(named, value)
	}
	if value == nil && s.Nullable {
		return ""
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		return fmt.Sprintf(" is %v, none of %v", value, s.Enum)
	}
	if len(s.OneOf)+len(s.AnyOf) > 0 {
		return s.faultOfChoice(named, value)
	}
	if kind := kindOf(value); kind != s.Type && (kind != "integer" || s.Type != "number") {
		return fmt.Sprintf(" is of type %s, not %s", kind, s.Type)
	}
	switch v := value.(type) {
	case map[string]any:
		return s.faultOfObject(named, v)
	case []any:
		return s.faultOfArray(named, v)
	case string:
		return s.faultOfText(v)
	case int:
		return s.faultOfInteger(v)
	default:
		return ""
	}
}

// kindOf is the type of a value in the words of a schema.
func kindOf(value any) string {
	switch value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case int:
		return "integer"
	case float64, json.Number:
		return "number"
	case bool:
		return "boolean"
	default:
		return fmt.Sprintf("%T", value)
	}
}

func (s *Schema) faultOfChoice(named map[string]*Schema, value any) string {
	var faults []string
	choices := append(slices.Clone(s.OneOf), s.AnyOf...)
	for _, choice := range choices {
		if fault := choice.Fault(named, value); fault != "" {
			faults = append(faults, fault)
		}
	}
	switch fit := len(choices) - len(faults); {
	case fit == 0:
		return " is nothing that it may be:" + strings.Join(faults, ";")
	case fit > 1 && len(s.OneOf) > 0:
		return fmt.Sprintf(" is %d of what it may be one of", fit)
	default:
		return ""
	}
}

func (s *Schema) faultOfObject(named map[string]*Schema, object map[string]any) string {
	for _, name := range s.Required {
		if _, there := object[name]; !there {
			return "." + name + " is missing"
		}
	}
	for name, value := range object {
		property, known := s.Properties[name]
		if !known && len(s.Properties) > 0 {
			return "." + name + " is not described"
		}
		if known {
			if fault := property.Fault(named, value); fault != "" {
				return "." + name + fault
			}
		}
	}
	return ""
}

func (s *Schema) faultOfArray(named map[string]*Schema, list []any) string {
	if len(list) < s.MinItems || s.MaxItems != nil && len(list) > *s.MaxItems {
		return fmt.Sprintf(" has %d items", len(list))
	}
	for i, item := range list {
		if fault := s.Items.Fault(named, item); fault != "" {
			return fmt.Sprintf("[%d]%s", i, fault)
		}
	}
	return ""
}

func (s *Schema) faultOfText(text string) string {
	length := utf8.RuneCountInString(text)
	if length < s.MinLength || s.MaxLength != nil && length > *s.MaxLength {
		return fmt.Sprintf(" has %d characters", length)
	}
	if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text) {
		return fmt.Sprintf(" is %q, which does not match %s", text, s.Pattern)
	}
	if s.Format == "date-time" {
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return " is no date-time: " + err.Error()
		}
	}
	return ""
}

func (s *Schema) faultOfInteger(n int) string {
	if s.Minimum != nil && n < *s.Minimum || s.Maximum != nil && n > *s.Maximum {
		return fmt.Sprintf(" is %d, out of range", n)
	}
	return ""
}

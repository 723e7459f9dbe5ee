package api_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/opsledger/opsledger/internal/openapi"
)

// sometimes are what replies have only now and then, by schema.
var sometimes = map[string][]string{
	"DNSRefused":   {"code"},
	"V1Failed":     {"field"},
	"BatchResult":  {"location"},
	"BatchFailed":  {"results", "field"},
	"BatchRefusal": {"field"},
	"Health":       {"error"},
	// Where lines of a zone file are to blame, or a parameter is, and where lines were left out.
	"RevertFailed": {"field", "conflicts"},
	"ImportFailed": {"field", "errors"}, "ImportLineFailed": {"line"}, "ZoneDiff": {"more"},
	// Of one of the two proofs each.
	"LogProof": {"size", "index", "leaf", "from", "to"},
	// Where they are wanted.
	"PDNSZone": {"dnssec", "edited_serial"}, "PDNSWholeZone": {"rrsets"},
	"PDNSFound": {"zone", "type", "ttl", "disabled", "content"},
	// Of one rollout, not of a list.
	"Rollout": {"stages"}, "Rollouts": {"stages"},
	// Of reverse zones alone.
	"ZoneSettings": {"ptr"},
	// Of a TSIG key alone.
	"CredentialAdded": {"key_name", "algorithm"},
}

// TestOpenAPIReplies: a reply's schema requires all that the reply always has.
func TestOpenAPIReplies(t *testing.T) {
	t.Parallel()
	d := describe(t)
	check := func(where string, m openapi.Message) {
		for _, media := range m.Content {
			eachSchema(d, where, media.Schema, func(where string, s *openapi.Schema) {
				for name := range s.Properties {
					if schema, _, _ := strings.Cut(where, "."); !slices.Contains(s.Required, name) && !slices.Contains(sometimes[schema], name) {
						t.Errorf("%s does not require %s", where, name)
					}
				}
			})
		}
	}
	for name, o := range d.Operations() {
		for status, reply := range o.Responses {
			check(name+" "+status, reply)
		}
	}
	for name, reply := range d.Components.Responses {
		check(name, reply)
	}
}

// TestOpenAPISchemas: what is required has a schema, and null is allowed only where a type
// stands beside it, since generators overlook it elsewhere (OpenAPI 3.0.3, 4.7.24).
func TestOpenAPISchemas(t *testing.T) {
	t.Parallel()
	d := describe(t)
	for name, schema := range d.Components.Schemas {
		eachSchema(d, name, schema, func(where string, s *openapi.Schema) {
			for _, required := range s.Required {
				if s.Properties[required] == nil {
					t.Errorf("%s requires %s, which it does not describe", where, required)
				}
			}
			if s.Nullable && s.Type == "" {
				t.Errorf("%s is nullable without a type", where)
			}
		})
	}
}

// TestOpenAPIStrictBodies: a body under /v1 has the members that are described, and no others.
func TestOpenAPIStrictBodies(t *testing.T) {
	t.Parallel()
	d := describe(t)
	for name, o := range d.Operations() {
		if o.RequestBody == nil || !strings.Contains(name, " /v1/") {
			continue
		}
		body := *o.RequestBody
		if body.Ref != "" {
			body = d.Components.RequestBodies[strings.TrimPrefix(body.Ref, "#/components/requestBodies/")]
		}
		media, isJSON := body.Content["application/json"]
		if !isJSON {
			continue
		}
		schema := d.Components.Schemas[strings.TrimPrefix(media.Schema.Ref, "#/components/schemas/")]
		if schema == nil || schema.AdditionalProperties == nil || *schema.AdditionalProperties {
			t.Errorf("%s does not say that its body has no other members", name)
		}
	}
}

// eachSchema visits a schema and those within it, each under its own name if it has one.
func eachSchema(d *openapi.Description, where string, s *openapi.Schema, visit func(where string, s *openapi.Schema)) {
	if s == nil {
		return
	}
	if name, isNamed := strings.CutPrefix(s.Ref, "#/components/schemas/"); isNamed {
		where, s = name, d.Components.Schemas[name]
	}
	visit(where, s)
	for name, property := range s.Properties {
		eachSchema(d, where+"."+name, property, visit)
	}
	for _, part := range slices.Concat([]*openapi.Schema{s.Items}, s.OneOf, s.AnyOf) {
		eachSchema(d, where, part, visit)
	}
}

// printedAlways are the texts that the API documents print: they are the same in all dialects.
var printedAlways = []string{"Token is missing!", "Token is invalid!", "认证失败！"}

// TestOpenAPIRefusals: the example of a refusal is in the language of its dialect.
func TestOpenAPIRefusals(t *testing.T) {
	t.Parallel()
	d := describe(t)
	check := func(where string, inChinese bool, m openapi.Message) {
		for _, media := range m.Content {
			for _, example := range media.All() {
				for _, text := range refusals(example) {
					isChinese := strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
					if isChinese != inChinese && !slices.Contains(printedAlways, text) {
						t.Errorf("%s: %q is not in the language of the dialect", where, text)
					}
				}
			}
		}
	}
	for name, o := range d.Operations() {
		_, path, _ := strings.Cut(name, " ")
		for status, reply := range o.Responses {
			check(name+" "+status, dialects[strings.Split(path, "/")[1]] != "" && !strings.HasPrefix(path, "/v1/") && !isPowerDNS(path), reply)
		}
	}
	for name, reply := range d.Components.Responses {
		check(name, !strings.HasPrefix(name, "V1") && !strings.HasPrefix(name, "PDNS"), reply)
	}
}

// refusals are the texts of a reply's example that say why something was refused.
func refusals(example any) (texts []string) {
	body, _ := example.(map[string]any)
	if body["message"] != "Failed" && body["message"] != "OK" {
		texts = append(texts, textOf(body["message"]))
	}
	if body["ok"] == false {
		texts = append(texts, textOf(body["info"]))
	}
	texts = append(texts, textOf(body["error"]))
	results, _ := body["results"].([]any)
	for _, result := range results {
		texts = append(texts, refusals(result)...)
	}
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}

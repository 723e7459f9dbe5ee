package api_test

import (
	"fmt"
	"iter"
	"maps"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/opsledger/opsledger/internal/openapi"
)

// describe reads the description.
func describe(t *testing.T) *openapi.Description {
	t.Helper()
	d, err := openapi.Read("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dialects are the prefixes of the tags by what the paths begin with.
var dialects = map[string]string{"auth": "dns-", "dns": "dns-", "admin": "dns-", "api": "ops-", "v1": "v1-"}

// isPowerDNS says whether a path is one of PowerDNS' API.
func isPowerDNS(path string) bool { return path == "/api" || strings.HasPrefix(path+"/", "/api/v1/") }

// TestOpenAPIOperations: every operation has a name of its own, a summary and
// one tag, which is declared and of its dialect.
func TestOpenAPIOperations(t *testing.T) {
	t.Parallel()
	d, named, declared := describe(t), map[string]string{}, map[string]bool{}
	for _, tag := range d.Tags {
		declared[tag.Name] = tag.Description != ""
	}
	for name, o := range d.Operations() {
		if first, taken := named[identifier(o.ID)]; taken {
			t.Errorf("%s has the operationId %q of %s", name, o.ID, first)
		}
		named[identifier(o.ID)] = name
		if o.ID == "" || o.Summary == "" {
			t.Errorf("%s has the operationId %q and the summary %q", name, o.ID, o.Summary)
		}
		dialect, known := dialects[strings.Split(name, "/")[1]]
		if _, path, _ := strings.Cut(name, " "); isPowerDNS(path) {
			dialect = "pdns-"
		}
		if !known {
			dialect = "health"
		}
		if len(o.Tags) != 1 || !declared[o.Tags[0]] || !strings.HasPrefix(o.Tags[0], dialect) {
			t.Errorf("%s has the tags %q, want one that is declared and begins with %q", name, o.Tags, dialect)
		}
	}
}

// TestOpenAPIExamples: every JSON body of a request and every body of a reply has an
// example, and every example is as its schema says.
func TestOpenAPIExamples(t *testing.T) {
	t.Parallel()
	d := describe(t)
	check := func(where string, body openapi.Media) {
		if len(body.All()) == 0 {
			t.Errorf("%s has no example", where)
		}
		for name, example := range body.All() {
			if fault := body.Schema.Fault(d.Components.Schemas, example); fault != "" {
				t.Errorf("%s: %s%s", where, name, fault)
			}
		}
	}
	checkReply := func(where string, m openapi.Message) {
		for kind, body := range m.Content {
			check(where+" "+kind, body)
		}
	}
	checkRequest := func(where string, m openapi.Message) {
		if body, isJSON := m.Content["application/json"]; m.Ref == "" && isJSON {
			check(where, body)
		} else if zone, isZone := m.Content["text/dns"]; isZone {
			check(where, zone)
		} else if m.Ref == "" {
			t.Errorf("%s is not taken as JSON", where)
		}
	}
	for name, o := range d.Operations() {
		if o.RequestBody != nil {
			checkRequest(name, *o.RequestBody)
		}
		for status, reply := range o.Responses {
			checkReply(name+" "+status, reply)
		}
	}
	for name, body := range d.Components.RequestBodies {
		checkRequest(name, body)
	}
	for name, reply := range d.Components.Responses {
		checkReply(name, reply)
	}
}

// TestOpenAPINames: no two components have names that generators make the same
// identifier of, and none has that of what they make of an operation.
func TestOpenAPINames(t *testing.T) {
	t.Parallel()
	d, taken := describe(t), map[string]string{}
	take := func(name, what string) {
		if other, isTaken := taken[identifier(name)]; isTaken {
			t.Errorf("%s has the name of %s", what, other)
		}
		taken[identifier(name)] = what
	}
	c := d.Components // a header is of no type of its own, and has its name on the wire
	for kind, names := range map[string]iter.Seq[string]{
		"schema": maps.Keys(c.Schemas), "response": maps.Keys(c.Responses),
		"request body": maps.Keys(c.RequestBodies), "parameter": maps.Keys(c.Parameters),
	} {
		for name := range names {
			take(name, kind+" "+name)
		}
	}
	for name, o := range d.Operations() {
		for _, suffix := range []string{"", "Params", "Request", "Response", "JSONBody", "JSONRequestBody", "FormdataRequestBody"} {
			take(o.ID+suffix, fmt.Sprintf("%s of %s", o.ID+suffix, name))
		}
	}
}

// TestOpenAPIReferences: what is referred to is there, and what is there is referred to.
func TestOpenAPIReferences(t *testing.T) {
	t.Parallel()
	c := describe(t).Components
	there := map[string]bool{}
	for kind, names := range map[string]iter.Seq[string]{
		"schemas": maps.Keys(c.Schemas), "responses": maps.Keys(c.Responses), "requestBodies": maps.Keys(c.RequestBodies),
		"parameters": maps.Keys(c.Parameters), "headers": maps.Keys(c.Headers),
	} {
		for name := range names {
			there["#/components/"+kind+"/"+name] = true
		}
	}
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(text), `$ref: "`) {
		if ref, _, _ := strings.Cut(part, `"`); i > 0 {
			if _, known := there[ref]; !known {
				t.Errorf("%s is not there", ref)
			}
			there[ref] = false
		}
	}
	for ref, unused := range there {
		if unused {
			t.Errorf("nothing refers to %s", ref)
		}
	}
}

// identifier is a name as generators make one of it, and without case, so that
// names which differ by their case alone are the same.
func identifier(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

package openapi

import (
	"slices"
	"testing"
)

const bodies = `
paths:
  /zones:
    post: {requestBody: {$ref: "#/components/requestBodies/Zone"}}
    get:
      parameters: [{$ref: "#/components/parameters/Page"}, {name: id, in: query}, {name: If-Match, in: header}]
    put: {requestBody: {content: {application/json: {schema: {oneOf: [{$ref: "#/components/schemas/Zone"}, {properties: {id: {type: integer}, key: {}}}]}}}}}
components:
  parameters:
    Page: {name: page, in: query}
  requestBodies:
    Zone: {content: {application/json: {schema: {$ref: "#/components/schemas/Zone"}}}}
  schemas:
    Zone:
      type: object
      required: [name]
      properties:
        name: {type: string}
        group: {type: integer, enum: [0, 1]}
        views: {type: array, items: {type: object, required: [id], properties: {id: {type: integer}}}}
        key: {oneOf: [{type: string, enum: [none]}, {type: object, required: [secret], properties: {secret: {type: string}}}]}
`

// TestFaultOfAccepted: a body without something that the description requires is found; what
// may be written in several ways is not.
func TestFaultOfAccepted(t *testing.T) {
	t.Parallel()
	d, err := read(t, bodies)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		`{"name":"a"}`: "",
		`{"name":"a","group":"1","views":[{"id":"7"}],"key":"none","other":1}`: "",
		`{"name":"a","group":"","views":null,"key":{"secret":"x"}}`:            "",
		`{"name":"a","views":{"id":1}}`:                                        "",
		`{"name":"a","group":[1]}`:                                             "the body.group is a list",
		`{}`:                                                                   "the body.name is missing",
		`{"name":""}`:                                                          "the body.name is missing",
		`{"name":null}`:                                                        "the body.name is missing",
		`{"name":"a","group":2}`:                                               "the body.group is 2, none of [0 1]",
		`{"name":"a","views":[{"id":1},{}]}`:                                   "the body.views[1].id is missing",
		`{"name":"a","key":{}}`:                                                "the body.key is nothing that it may be: is an object;.secret is missing",
		`{`:                                                                    "the body is no JSON: unexpected EOF",
	} {
		if got := d.FaultOfAccepted(Request{"POST", "/zones", jsonType, []byte(body)}); got != want {
			t.Errorf("%s: the fault is %q, want %q", body, got, want)
		}
	}
	for _, r := range []Request{
		{"POST", "/zones", "text/plain", []byte("x")}, {"GET", "/zones", jsonType, nil}, {"POST", "/nothing", jsonType, nil},
	} {
		if got := d.FaultOfAccepted(r); got != "" {
			t.Errorf("%s %s %s: the fault is %q", r.Method, r.Path, r.ContentType, got)
		}
	}
}

// TestTakes: parameters of the query and members of the body are found wherever they stand.
func TestTakes(t *testing.T) {
	t.Parallel()
	d, err := read(t, bodies)
	if err != nil {
		t.Fatal(err)
	}
	if query, body := d.Takes(d.Paths["/zones"].Get); !slices.Equal(query, []string{"id", "page"}) || body != nil {
		t.Errorf("GET takes %q and %q", query, body)
	}
	if query, body := d.Takes(d.Paths["/zones"].Put); query != nil || !slices.Equal(body, []string{"group", "id", "key", "name", "views"}) {
		t.Errorf("PUT takes %q and %q", query, body)
	}
}

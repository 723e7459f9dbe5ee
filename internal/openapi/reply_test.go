package openapi

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// jsonType is a content type.
const jsonType = "application/json"

const small = `
paths:
  /zones/{id}:
    get:
      responses:
        "200":
          headers: {ETag: {schema: {type: string}}}
          content: {application/json: {schema: {type: object, properties: {id: {type: integer}}}}}
        "204": {description: nothing}
        "404": {$ref: "#/components/responses/Missing"}
components:
  responses:
    Missing: {content: {text/plain: {schema: {type: string}}}}
`

func read(t *testing.T, text string) (*Description, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(name)
}

// TestReadRefusesUnknownKeys: what no test would look at is refused.
func TestReadRefusesUnknownKeys(t *testing.T) {
	t.Parallel()
	if _, err := read(t, "paths: {/zones: {get: {deprecated: true}}}"); err == nil {
		t.Error("an unknown key was read")
	}
}

// TestFaultOfReply: a reply that is not as described is found.
func TestFaultOfReply(t *testing.T) {
	t.Parallel()
	d, err := read(t, small)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		status       int
		kind, body   string
		header, want string
	}{
		{method: "GET", path: "/zones/1", status: 200, kind: jsonType, body: `{"id":1}`, header: "ETag"},
		{method: "GET", path: "/zones/1", status: 204},
		{method: "GET", path: "/zones/1", status: 404, kind: "text/plain; charset=utf-8", body: "x"},
		{method: "GET", path: "/nothing", status: 404},
		{method: "PUT", path: "/zones/1", status: 405},
		{method: "GET", path: "/nothing", status: 200, want: "the path is not described"},
		{method: "PUT", path: "/zones/1", status: 200, want: "the method is not described"},
		{method: "GET", path: "/zones/1", status: 400, want: "the status is not described"},
		{method: "GET", path: "/zones/1", status: 204, body: "x", want: "the body is not described"},
		{method: "GET", path: "/zones/1", status: 204, header: "Location", want: "the header Location is not described"},
		{method: "GET", path: "/zones/1", status: 200, kind: "text/plain", want: `the content type "text/plain" is not described`},
		{method: "GET", path: "/zones/1", status: 200, kind: jsonType, body: "", want: "the body is no JSON: EOF"},
		{method: "GET", path: "/zones/1", status: 200, kind: jsonType, body: `{"id":""}`, want: "the body.id is of type string, not integer"},
		{method: "GET", path: "/zones/1", status: 200, kind: jsonType, body: `{"name":"a"}`, want: "the body.name is not described"},
	} {
		header := http.Header{"Content-Type": {c.kind}}
		if c.header != "" {
			header.Set(c.header, "x")
		}
		got := d.FaultOfReply(Reply{Method: c.method, Path: c.path, Status: c.status, Header: header, Body: []byte(c.body)})
		if got != c.want {
			t.Errorf("%s %s %d %s: the fault is %q, want %q", c.method, c.path, c.status, c.body, got, c.want)
		}
	}
}

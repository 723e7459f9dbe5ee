package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Reply is what a server answered to a request.
type Reply struct {
	Method, Path string
	Status       int
	Header       http.Header
	Body         []byte
}

// optional are the headers that a reply has only where the description says so.
var optional = []string{
	"ETag", "Location", "Opsledger-Field", "Opsledger-Id", "Opsledger-Position", "Opsledger-Pending", "Opsledger-As-Of", "Retry-After",
}

// FaultOfReply says in what a reply is not as the description says; it is empty
// if there is nothing.
func (d *Description) FaultOfReply(r Reply) string {
	item, known := d.item(r.Path)
	if !known {
		return faultUnless(r.Status == http.StatusNotFound, "the path is not described")
	}
	method := r.Method
	if method == http.MethodHead { // which is GET without the body
		method = http.MethodGet
	}
	o := item.operations()[method]
	if o == nil {
		return faultUnless(r.Status == http.StatusMethodNotAllowed, "the method is not described")
	}
	m, known := o.Responses[strconv.Itoa(r.Status)]
	if !known {
		return "the status is not described"
	}
	if m.Ref != "" {
		m = d.Components.Responses[strings.TrimPrefix(m.Ref, "#/components/responses/")]
	}
	for _, name := range optional {
		if _, described := m.Headers[name]; !described && r.Header.Get(name) != "" {
			return "the header " + name + " is not described"
		}
	}
	if r.Method == http.MethodHead {
		return faultUnless(len(r.Body) == 0, "a reply to HEAD has a body")
	}
	return d.faultOfBody(m, r)
}

func (d *Description) faultOfBody(m Message, r Reply) string {
	if len(m.Content) == 0 {
		return faultUnless(len(r.Body) == 0, "the body is not described")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	media, known := m.Content[kind]
	if err != nil || !known {
		return fmt.Sprintf("the content type %q is not described", kind)
	}
	if kind != "application/json" {
		return ""
	}
	value, err := decode(r.Body)
	if err != nil {
		return err.Error()
	}
	fault := media.Schema.Fault(d.Components.Schemas, value)
	return faultUnless(fault == "", "the body"+fault)
}

// item finds the operations of a path; one without parameters comes first.
func (d *Description) item(path string) (item PathItem, known bool) {
	if item, known = d.Paths[path]; known {
		return item, true
	}
	for pattern, item := range d.Paths {
		if fits(strings.Split(pattern, "/"), strings.Split(path, "/")) {
			return item, true
		}
	}
	return item, false
}

func fits(pattern, path []string) bool {
	if len(pattern) != len(path) {
		return false
	}
	for i, segment := range pattern {
		if segment != path[i] && !strings.HasPrefix(segment, "{") {
			return false
		}
	}
	return true
}

// decode returns a JSON text as the YAML package would: integers as int.
func decode(text []byte) (any, error) {
	var value any
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	if err := numbers.Decode(&value); err != nil {
		return nil, fmt.Errorf("the body is no JSON: %w", err)
	}
	return withIntegers(value), nil
}

func withIntegers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			v[name] = withIntegers(v[name])
		}
	case []any:
		for i := range v {
			v[i] = withIntegers(v[i])
		}
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
	}
	return value
}

func faultUnless(fine bool, fault string) string {
	if fine {
		return ""
	}
	return fault
}

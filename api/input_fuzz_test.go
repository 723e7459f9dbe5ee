package api

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzObject: whatever the body, it is parsed or refused, and what is parsed
// says the same as encoding/json.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":"b","ids":[1,"2"]}`, `{"a":1,"a":2}`, `{"a":"\ud800"}`, `[`, "{\"a\":\"\xff\"}", `{"n":-0}`, ``, "\n{}\t", "{}\v"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := ParseObject(text)
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil && len(strings.TrimSpace(string(text))) > 0 {
			t.Fatalf("accepted %q: %v", text, err)
		}
		for name := range object {
			p := &Params{Object: object}
			if s := p.Text(name); s != nil && p.Err == nil && (*s == "" || strings.Contains(*s, "\x00")) {
				t.Fatalf("%q: text %q", text, *s)
			}
			for _, read := range []func(string){func(n string) { p.Integer(n) }, func(n string) { p.Integers(n) }, func(n string) { p.Scalar(n) }, func(n string) { p.Small(n) }} {
				read(name)
			}
		}
	})
}

// FuzzPage: whatever the query, a page is within bounds or refused.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{"", "currentPage=2&pageSize=20", "pageSize=0", "currentPage=-1", "pageSize=99999999999999999999", "currentPage=1;pageSize=2", "%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		p := ReadQuery(r)
		page := p.Page()
		if p.Err == nil && (page.Current < 1 || page.Size < 1 || page.Size > maxPageSize) {
			t.Fatalf("%q: %+v", query, page)
		}
	})
}

package api

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzSplitJSON: objects and lists come apart as encoding/json takes them apart.
func FuzzSplitJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, ` { "a" : 1 , "b":[1,{"c":"}"}], "d":"\"," } `, `[1,"]",[],{},null,true,-1.5e3]`, `"x"`, `null`, "[\n]", `{"a\u0062":""}`, `{"":{"a":1}}`, `[[[]]]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		var list []json.RawMessage
		got, isList := Elements(text)
		if wantList := bytes.TrimSpace(text)[0] == '['; isList != wantList {
			t.Fatalf("list: %v, want %v", isList, wantList)
		} else if wantList {
			must(t, json.Unmarshal(text, &list))
			equalRaw(t, got, list)
		}
		splitObject(t, text)
	})
}

func splitObject(t *testing.T, text []byte) {
	t.Helper()
	last := map[string]json.RawMessage{}
	isObject, err := eachMember(text, func(name string, value json.RawMessage) error {
		last[name] = value
		return nil
	})
	must(t, err)
	if want := bytes.TrimSpace(text)[0] == '{'; isObject != want {
		t.Fatalf("object: %v, want %v", isObject, want)
	}
	if !isObject {
		return
	}
	var want map[string]json.RawMessage
	must(t, json.Unmarshal(text, &want))
	if len(last) != len(want) {
		t.Fatalf("%q, want %q", last, want)
	}
	for name, value := range want {
		equalRaw(t, []json.RawMessage{last[name]}, []json.RawMessage{value})
	}
}

func equalRaw(t *testing.T, got, want []json.RawMessage) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("%q, want %q", got[i], want[i])
		}
	}
}

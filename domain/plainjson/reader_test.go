package plainjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/opsledger/opsledger/domain/plainjson"
)

func TestReader(t *testing.T) {
	t.Parallel()
	r := plainjson.NewReader([]byte(`{"a":-5,"b":"x","c":{"d":"}\""},"e":7}`))
	a, b, other := r.After(`{"a":`).Int(), string(r.After(`,"b":`).Text()), r.Pass(`,"other":`)
	c, e := string(r.After(`,"c":`).Object()), r.After(`,"e":`).Uint()
	if a != -5 || b != "x" || other || c != `{"d":"}\""}` || e != 7 || !r.After(`}`).Done() {
		t.Errorf("read %d, %q, %v, %s, %d, done: %v", a, b, other, c, e, r.Done())
	}
}

func TestReaderDeclinesForGood(t *testing.T) {
	t.Parallel()
	r := plainjson.NewReader([]byte(`17`))
	if r.Text() != nil || r.Uint() != 0 || r.Int() != 0 || r.Object() != nil || r.Pass(`1`) || r.After(`17`).Done() {
		t.Error("what was declined is read on")
	}
}

// Which texts are read as the one value that they are.
func TestReaderDeclines(t *testing.T) {
	t.Parallel()
	for text, plain := range map[string]bool{
		`0`: true, `-12`: true, `999999999999999999`: true, `"Zürich"`: true, `""`: true, `{"a":[{}],"b":"}"}`: true,
		`01`: false, `-`: false, `1.5`: false, `1e3`: false, `1000000000000000000`: false, `99999999999999999999`: false, `1 `: false, ` 1`: false,
		`"a\"b"`: false, `"a\tb"`: false, "\"\xff\"": false, "\"\n\"": false, `"`: false, `"a`: false,
		`{`: false, `{"a":[}`: false, `{"a":"}`: false, `[1]`: false, `null`: false, ``: false,
	} {
		if got := sameValue(t, []byte(text)); got != plain {
			t.Errorf("%q: read without encoding/json: %v, want %v", text, got, plain)
		}
	}
}

// sameValue checks the reader's invariant 1 for a text of one value, and says whether it was read.
func sameValue(t *testing.T, text []byte) bool {
	t.Helper()
	number := sameAs(t, text, (*plainjson.Reader).Int)
	unsigned := sameAs(t, text, (*plainjson.Reader).Uint)
	return sameAs(t, text, func(r *plainjson.Reader) string { return string(r.Text()) }) || number || unsigned ||
		sameAs(t, text, func(r *plainjson.Reader) (object json.RawMessage) {
			if object = r.Object(); !json.Valid(object) {
				r.Decline() // as the contract says, the caller finds that out
			}
			return object
		})
}

func sameAs[T any](t *testing.T, text []byte, read func(*plainjson.Reader) T) bool {
	t.Helper()
	r := plainjson.NewReader(text)
	got := read(&r)
	if !r.Done() {
		return false
	}
	var want T
	if err := json.Unmarshal(text, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q is read as %v, by encoding/json as %v, %v", text, got, want, err)
	}
	return true
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{`0`, `-12`, `"Zürich"`, `{"a":[{}],"b":"}\""}`, `[1,"]",null]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sameValue(t, text)
		if len(text) == 0 {
			return
		}
		end, want := plainjson.EndOfValue(text, 0), len(bytes.TrimRight(text, " \n\t\r"))
		if json.Valid(text) && len(bytes.TrimLeft(text, " \n\t\r")) == len(text) && end != want {
			t.Errorf("%q ends at %d, want %d", text, end, want)
		}
	})
}

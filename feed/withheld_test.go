package feed

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
)

var update = flag.Bool("update", false, "write the list of what is shown of events")

// The list has every field of every event with whether it is shown. A new one is in it once
// somebody has decided: go test ./feed -update.
func TestWhatIsShownOfEvents(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, d := range testkit.Codec().Descriptors() {
		e, err := d.Decode([]byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		list(reflect.TypeOf(e), access.WithheldOf(e), d.Name, func(path string, shown bool) {
			lines = append(lines, fmt.Sprintf("%s %s", map[bool]string{true: "shown ", false: "null  "}[shown], path))
		})
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[7:], b[7:]) })
	got, path := strings.Join(lines, "\n")+"\n", filepath.Join("testdata", "shown.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%v: what is shown of events is not as %s says:\n%s", err, path, got)
	}
}

// list calls f with each field that has no fields of its own.
func list(t reflect.Type, v *access.Withheld, path string, f func(path string, shown bool)) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice && v != nil && !v.Whole {
			v = v.Each
		}
		t = t.Elem()
	}
	if v != nil && v.Whole || t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		f(path, v == nil || !v.Whole)
		return
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			list(field.Type, v, path, f)
			continue
		}
		var part *access.Withheld
		if v != nil {
			part = v.Fields[name]
		}
		list(field.Type, part, path+"."+name, f)
	}
}

func TestEveryEventIsOnSomething(t *testing.T) {
	t.Parallel()
	for _, d := range testkit.Codec().Descriptors() {
		e, err := d.Decode([]byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, known := subjectOf(e); !known {
			t.Errorf("%s: what is it on, and who may see it?", d.Name)
		}
	}
	if s, known := subjectOf(unheardOf{}); known || s.kind != "" {
		t.Errorf("%+v", s)
	}
}

type unheardOf struct{ access.UserLoggedIn }

func TestParseResource(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"zone:12": 2, "user:3": 3, "machine:4": 2, "record:7": 1, "server:1": 1, "view:1": 1, "role:8": 1, "privilege:5": 1, "credential:2": 1,
		"task:0123456789abcdef0123456789abcdef": 1, "account:4/deploy": 1, "bind_conf": 1, "fleet": 1, "log_key": 1, "view_order": 1, "zones": 1,
		"": 0, "zone": 0, "zone:": 0, "zone:0": 0, "zone:-1": 0, "zone:+1": 0, "zone:01": 0, "zone:x": 0, "thing:1": 0, "bind_conf:1": 0,
		"task:1": 0, "account:4": 0, "account:x/a": 0, "account:4/": 0,
	} {
		if tags, ok := ParseResource(text); ok != (want > 0) || ok && len(tags) != want {
			t.Errorf("%s: %v %v", text, tags, ok)
		}
	}
}

package plainjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/plainjson"
)

// shapes has every kind of field that is read without encoding/json.
type shapes struct {
	N     int64  `json:"n"`
	Small int8   `json:"small,omitempty"`
	Text  string `json:"text,omitempty"`
	On    bool   `json:"on"`
	Inner struct {
		Byte uint8  `json:"byte,omitempty"`
		Big  uint64 `json:"big"`
	} `json:"inner"`
	List []listed `json:"list,omitempty"`
	Last string   `json:"last,omitempty"`
}

type listed struct {
	A int    `json:"a"`
	B string `json:"b,omitempty"`
}

func TestForm(t *testing.T) {
	t.Parallel()
	for data, plain := range map[string]bool{
		`{"n":-12,"small":3,"text":"Zürich","on":true,"inner":{"byte":255,"big":7},"last":"x"}`: true,
		`{"n":0,"on":false,"inner":{"big":0}}`:                                                  true,
		`{"n":999999999999999999,"on":false,"inner":{"big":1}}`:                                 true,
		`{"n":9223372036854775807,"on":false,"inner":{"big":1}}`:                                false,
		`{"n":1,"on":false,"inner":{"big":18446744073709551615}}`:                               false,
		`{"n":1,"small":128,"on":false,"inner":{"big":1}}`:                                      false,
		`{"n":1,"on":false,"inner":{"byte":256,"big":1}}`:                                       false,
		`{"n":1,"on":false,"inner":{"big":-1}}`:                                                 false,
		`{"n":-0,"on":false,"inner":{"big":1}}`:                                                 true,
		`{"n":01,"on":false,"inner":{"big":1}}`:                                                 false,
		`{"n":1.5,"on":false,"inner":{"big":1}}`:                                                false,
		`{"n":1e3,"on":false,"inner":{"big":1}}`:                                                false,
		`{"n":null,"on":false,"inner":{"big":1}}`:                                               false,
		`{"on":false,"n":1,"inner":{"big":1}}`:                                                  false,
		`{"n":1,"n":2,"on":false,"inner":{"big":1}}`:                                            false,
		`{"N":1,"on":false,"inner":{"big":1}}`:                                                  false,
		`{"n":1,"text":"a\"b","on":false,"inner":{"big":1}}`:                                    false,
		"{\"n\":1,\"text\":\"\xff\",\"on\":false,\"inner\":{\"big\":1}}":                        false,
		"{\"n\":1,\"text\":\"\n\",\"on\":false,\"inner\":{\"big\":1}}":                          false,
		`{"n":1,"on":false,"inner":{"big":1}} `:                                                 false,
		`{"n":1,"on":false,"inner":{"big":1}}}`:                                                 false,
		`{"n":1,"on":false,"inner":{"big":1},}`:                                                 false,
		`{"n":1,"on":false,"inner":{"big":1},"other":1}`:                                        false,
		`{"n":1,"on":false,"inner":{"big":1},"list":[{"a":1,"b":"x"},{"a":2}],"last":"y"}`:      true,
		`{"n":1,"on":false,"inner":{"big":1},"list":[]}`:                                        true,
		`{"n":1,"on":false,"inner":{"big":1},"list":null}`:                                      true,
		`{"n":1,"on":false,"inner":{"big":1},"list":[{"a":1},]}`:                                false,
		`{"n":1,"on":false,"inner":{"big":1},"list":[{"a":1}`:                                   false,
		`{"n":1,"on":false,"inner":{"big":1},"list":[null]}`:                                    false,
		`{"n":1,"on":false,"inner":{"big":1},"list":{"a":1}}`:                                   false,
		`{"n":1,"on":false}`:                                                                    false,
		`{`:                                                                                     false,
		``:                                                                                      false,
	} {
		if got := samePlain(t, []byte(data)); got != plain {
			t.Errorf("%s: read without encoding/json: %v, want %v", data, got, plain)
		}
	}
}

// read reads into the value that v points to.
func read(data []byte, v any) bool {
	value := reflect.ValueOf(v).Elem()
	form := plainjson.FormOf(value.Type())
	return form != nil && form.Read(data, value)
}

// samePlain checks invariant 1 and says whether the data was read.
func samePlain(t *testing.T, data []byte) bool {
	t.Helper()
	var got, want shapes
	if !read(data, &got) {
		return false
	}
	if err := json.Unmarshal(data, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q is read as %+v, by encoding/json as %+v, %v", data, got, want, err)
	}
	return true
}

func FuzzForm(f *testing.F) {
	f.Add([]byte(`{"n":-12,"small":3,"text":"Zürich","on":true,"inner":{"byte":255,"big":7},"last":"x"}`))
	f.Add([]byte(`{"n":0,"on":false,"inner":{"big":0}}`))
	f.Add([]byte(`{"n":1,"on":false,"inner":{"big":1},"list":[{"a":1,"b":"x"},{"a":2}],"last":"y"}`))
	f.Fuzz(func(t *testing.T, data []byte) { samePlain(t, data) })
}

// The events that a log consists of are read that way, and types with more to them are not.
func TestFrequentEventsArePlain(t *testing.T) {
	t.Parallel()
	record := dns.RecordData{ViewID: 2, Host: "www", Type: "A", TTL: 600, Value: "192.0.2.1", Comment: "备注"}
	for _, e := range []domain.Event{
		&dns.RecordAdded{ID: 4, ZoneID: 3, Record: record}, &dns.RecordUpdated{ID: 4, ZoneID: 3, Before: record, After: record},
		&dns.RecordDeleted{ID: 4, ZoneID: 3, Record: record},
		&dns.RecordsStaged{
			Import: 9, ZoneID: 3, ViewID: 2, Added: []dns.StagedRecord{{ID: 4, Record: record}, {ID: 5, Record: record}},
			Changed: []dns.StagedChange{{ID: 6, Before: record, After: record}},
		},
	} {
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		got := reflect.New(reflect.TypeOf(e).Elem())
		if !read(data, got.Interface()) || !reflect.DeepEqual(got.Interface(), e) {
			t.Errorf("%s is read as %+v", data, got)
		}
	}
}

// lowered reads itself.
type lowered string

func (l *lowered) UnmarshalText(text []byte) error {
	*l = lowered(bytes.ToLower(text))
	return nil
}

type Plain struct {
	A int `json:"a"`
}

// Types that encoding/json reads by other rules have no form.
func TestFormOf(t *testing.T) {
	t.Parallel()
	if plainjson.FormOf(reflect.TypeFor[Plain]()) == nil {
		t.Error("a plain type has no form")
	}
	for _, v := range []any{
		1, lowered("a"), struct {
			A lowered `json:"a"`
		}{}, struct {
			A json.RawMessage `json:"a"`
		}{}, struct {
			A float64 `json:"a"`
		}{}, struct {
			A []int `json:"a"`
		}{}, struct{ A int }{}, struct {
			A int `json:"-"`
		}{}, struct {
			A int `json:"a,string"`
		}{}, struct {
			Plain `json:"a"`
		}{}, struct {
			A struct {
				A time.Time `json:"a"`
			} `json:"a"`
		}{},
	} {
		if plainjson.FormOf(reflect.TypeOf(v)) != nil {
			t.Errorf("%T has a form", v)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	c := domain.NewCodec(dns.Events())
	data := json.RawMessage(`{"id":123456,"zone_id":77,"record":{"view_id":1,"host":"fill-123456","type":"A","ttl":600,"value":"10.1.2.3","comment":"filled by bench"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decode("RecordAdded", 1, data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeStaged(b *testing.B) {
	c := domain.NewCodec(dns.Events())
	part := dns.RecordsStaged{Import: 9, ZoneID: 3, ViewID: 2}
	for i := range int64(dns.MaxStaged) {
		d := dns.RecordData{ViewID: 2, Host: "h123456", Type: "A", TTL: 600, Value: "192.0.2.1"}
		part.Added = append(part.Added, dns.StagedRecord{ID: 123456 + i, Record: d})
	}
	_, data, err := c.Encode(part)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decode("RecordsStaged", 1, data); err != nil {
			b.Fatal(err)
		}
	}
}

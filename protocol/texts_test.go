package protocol_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/protocol"
)

// poisoned fills every text below a value with the mark, gives every list an element, and
// every id a number.
func poisoned(v reflect.Value, mark string) {
	switch {
	case v.Type() == reflect.TypeFor[uuid.UUID]():
		v.Set(reflect.ValueOf(uuid.UUID{1}))
	case v.Kind() == reflect.String:
		v.SetString(mark)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		poisoned(v.Index(0), mark)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poisoned(v.Field(i), mark)
			}
		}
	}
}

// texts are all texts below a value.
func texts(v reflect.Value) (all []string) {
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, texts(v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			all = append(all, texts(v.Field(i))...)
		}
	}
	return all
}

// No text that an agent sends, in whatever field, reaches a database that could not hold it:
// PostgreSQL refuses NUL and what is no UTF-8, and with it all that is stored at the same time.
func TestNoTextOfAnAgentIsOneThatADatabaseRefuses(t *testing.T) {
	t.Parallel()
	const mark = "a MARK b"
	for _, read := range []func(data []byte) (any, error){
		func(data []byte) (any, error) { return protocol.ReadReport(data) },
		func(data []byte) (any, error) { return protocol.ReadHostHeartbeat(data) },
		func(data []byte) (any, error) { return protocol.ReadHostOffers(data) },
		func(data []byte) (any, error) { return protocol.ReadSessionRequest(data) },
	} {
		empty, _ := read([]byte("{}"))
		message := reflect.New(reflect.TypeOf(empty)).Elem()
		poisoned(message, mark)
		data, err := json.Marshal(message.Interface())
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(bytes.ReplaceAll(data, []byte("MARK"), []byte("\\u0000\xff\\ud800")))
		if err != nil {
			t.Errorf("%T: %v", got, err)
		}
		said := texts(reflect.ValueOf(got))
		if len(said) == 0 {
			t.Errorf("%T has no texts", got)
		}
		for _, text := range said {
			if text != "a \ufffd\ufffd b" || !utf8.ValidString(text) {
				t.Errorf("%T: %q", got, text)
			}
		}
	}
}

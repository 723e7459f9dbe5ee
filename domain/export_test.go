package domain

import "reflect"

// DecodePlain decodes into the value that v points to as Describe's descriptors
// do first; false means that encoding/json would be asked.
func DecodePlain(data []byte, v any) bool {
	value := reflect.ValueOf(v).Elem()
	p := plainJSONOf(value.Type())
	return p != nil && p.decode(data, value)
}

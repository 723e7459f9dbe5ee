package plainjson

import (
	"bytes"
	"encoding/json"
)

// Line writes a value as encoding/json does, in one line without its end, with brackets and
// ampersands as they are.
func Line(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

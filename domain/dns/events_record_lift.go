package dns

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A record's value means what it meant when its event was written. This is the one place
// where the schema of an event chooses the reading:
//
//	schema 1   a TXT value is presentation text if its first character is a quote;
//	           any other value is literal
//	schema 2   it is presentation text, too, if blanks stand before the quote, or if its
//	           first character that is no blank is "("; see [isPresentation]
//
// All other values of schema 1 mean the same by the reading of schema 2.

// liftRecord turns events of records from schema 1 into schema 2: values that schema 2
// would read otherwise become literal.
func liftRecord(data json.RawMessage) (json.RawMessage, error) {
	if !bytes.Contains(data, []byte(`"TXT"`)) {
		return data, nil // nearly all events, and a log may have very many
	}
	var event map[string]json.RawMessage
	if err := json.Unmarshal(data, &event); err != nil {
		return nil, err
	}
	lifted := false
	for _, field := range []string{"record", "before", "after"} {
		if event[field] == nil {
			continue
		}
		var record RecordData
		if err := json.Unmarshal(event[field], &record); err != nil {
			return nil, err
		}
		if record.Type != "TXT" || strings.HasPrefix(record.Value, `"`) || !isPresentation(record.Value) {
			continue
		}
		record.Literal, lifted = true, true
		var err error
		if event[field], err = json.Marshal(record); err != nil {
			return nil, err
		}
	}
	if !lifted {
		return data, nil
	}
	return json.Marshal(event)
}

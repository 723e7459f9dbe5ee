package api

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/domain/plainjson"
)

// withoutWithheld is an event's stored form as a dry run shows it: what is personal or secret is
// null, and so are ids that are no numbers and would be drawn.
func withoutWithheld(e domain.Event, data json.RawMessage) json.RawMessage {
	names := access.Withheld(e)
	switch e.(type) {
	case dns.BindConfChanged:
		names = []string{"secrets"}
	case ops.TaskCreated:
		names = []string{"task"}
	}
	if len(names) == 0 {
		return data
	}
	return nulled(data, names)
}

// nulled writes null for the members of those names, of an object as encoding/json writes it, and of
// the objects in it.
func nulled(object []byte, names []string) json.RawMessage {
	var out bytes.Buffer
	for at := 0; at < len(object); {
		if object[at] != '"' {
			out.WriteByte(object[at])
			at++
			continue
		}
		end := plainjson.EndOfValue(object, at)
		text := object[at:end]
		out.Write(text)
		at = end
		if at < len(object) && object[at] == ':' && slices.Contains(names, string(text[1:len(text)-1])) {
			out.WriteString(":null")
			at = plainjson.EndOfValue(object, at+1)
		}
	}
	return out.Bytes()
}

package eventstore

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/plainjson"
)

// Preview is what a command would append now.
type Preview struct {
	Events []domain.Event
	// Data is the stored form of each event, in which ids that would be drawn are null.
	Data []json.RawMessage
	// Warnings are what the decision warned of.
	Warnings []domain.Warning
}

// apart is how far the ids are from each other that stand for those that would be drawn: each
// has room for the ids after it that it stands for, see [domain.Sequence].
const apart = 4

// Undrawn says whether an id in a [Preview] stands for one that would be drawn.
func Undrawn(id int64) bool { return id >= domain.Undrawn }

// Preview decides as [Store.Execute] would, from a read of the log, and appends nothing: no id
// is drawn, and nothing is kept under the command's id. Errors are those of Execute.
func (s *Store) Preview(ctx context.Context, req Request) (Preview, error) {
	if !s.available() {
		return Preview{}, ErrUnavailable
	}
	req, err := s.within(req)
	if err != nil {
		return Preview{}, err
	}
	req.CommandID = uuid.New() // of which nothing is known, and which nobody will know
	x := execution{Request: req, store: s, preview: true, drawn: map[domain.Sequence][]int64{}}
	if a, ok := req.Command.(domain.Allocator); ok {
		for i, sequence := range a.Allocates() {
			x.drawn[sequence] = append(x.drawn[sequence], domain.Undrawn+apart*int64(i))
		}
	}
	d, err := x.run(x.history(ctx, false))
	if err != nil {
		return Preview{}, err
	}
	e, err := x.entry(&d)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Events: d.events, Data: make([]json.RawMessage, len(e.events)), Warnings: d.warnings}
	for i := range e.events {
		p.Data[i] = withoutUndrawn(e.events[i].Data)
	}
	return p, nil
}

// withoutUndrawn writes null for each id that stands for one that would be drawn.
func withoutUndrawn(data []byte) json.RawMessage {
	var out bytes.Buffer
	for at := 0; at < len(data); {
		c := data[at]
		end := at + 1
		switch {
		case c == '"':
			if end = plainjson.EndOfValue(data, at); end < 0 {
				end = len(data) // which no stored event has
			}
		case c == '-' || '0' <= c && c <= '9':
			for end < len(data) && bytes.IndexByte([]byte("0123456789+-.eE"), data[end]) >= 0 {
				end++
			}
			if n, err := strconv.ParseInt(string(data[at:end]), 10, 64); err == nil && Undrawn(n) {
				out.WriteString("null")
				at = end
				continue
			}
		}
		out.Write(data[at:end])
		at = end
	}
	return out.Bytes()
}

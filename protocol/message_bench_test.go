package protocol

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// ordinary is an event as there are most of.
func ordinary() Envelope {
	e := randomEnvelope(rand.New(rand.NewPCG(3, 4)))
	e.Key, e.Type, e.Context, e.Tags = 7, "RecordAdded", domain.ContextDNS, []domain.Tag{"record:1", "node:7/www", "records:7"}
	e.Data = json.RawMessage(`{"id":1,"zone_id":7,"record":{"host":"www","value":"a\"}b"}}`)
	e.Credential, e.Door = 0, domain.DoorDNS
	return e
}

func BenchmarkAppendMessage(b *testing.B) {
	e, room := ordinary(), make([]byte, 0, 4096)
	for b.Loop() {
		payload, err := AppendMessage(room, &e)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(payload)), "bytes")
	}
}

func BenchmarkReadMessage(b *testing.B) {
	e := ordinary()
	payload, err := AppendMessage(nil, &e)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := ReadMessage(payload); err != nil {
			b.Fatal(err)
		}
	}
}

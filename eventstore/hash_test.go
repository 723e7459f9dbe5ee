package eventstore_test

import (
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

func sample() protocol.Envelope {
	return protocol.Envelope{
		Position: 42, Prev: 40, ID: uuid.MustParse("0190a0b0-c0d0-7e0f-8000-000000000001"), Type: "RecordAdded",
		Context: domain.ContextDNS, Schema: 3, Key: 12, Tags: []domain.Tag{"zone:12", "record:7"},
		Data: []byte(`{"id": 7,  "host":"wörld"}`), Actor: 5, More: 3, MoreOwn: 2, Credential: 4, Door: domain.DoorDDNS,
		CommandID: uuid.MustParse("0190a0b0-c0d0-7e0f-8000-000000000002"), Causation: 39,
		Correlation: uuid.MustParse("0190a0b0-c0d0-7e0f-8000-000000000003"),
		RecordedAt:  time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC),
	}
}

// The encoding is fixed for ever: this test may never need another golden file for it.
func TestHashEncodingIsFixed(t *testing.T) {
	t.Parallel()
	e := sample()
	leaf := eventstore.LeafHash(&e)
	got := hex.EncodeToString(eventstore.EncodeForHash(&e)) + "\n" + hex.EncodeToString(leaf[:]) + "\n"
	want, err := os.ReadFile("testdata/hash-v1.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r", "") {
		t.Errorf("the encoding changed:\n%s", got)
	}
}

// An encoding says what the event was, and nothing else has the bytes.
func TestHashEncodingIsReversible(t *testing.T) {
	t.Parallel()
	e := sample()
	encoding := eventstore.EncodeForHash(&e)
	again, err := eventstore.DecodeForHash(encoding)
	if err != nil || !reflect.DeepEqual(again, e) {
		t.Errorf("%+v, %v", again, err)
	}
	for n := range encoding {
		if _, err := eventstore.DecodeForHash(encoding[:n]); err == nil {
			t.Fatalf("the first %d bytes are an encoding, too", n)
		}
	}
	if _, err := eventstore.DecodeForHash(append(encoding, 0)); err == nil {
		t.Error("a byte more is an encoding, too")
	}
}

// Every column counts, and no two events share an encoding by moving bytes across a border.
func TestHashCoversEverything(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*protocol.Envelope){
		"none":        func(*protocol.Envelope) {},
		"position":    func(e *protocol.Envelope) { e.Position++ },
		"prev":        func(e *protocol.Envelope) { e.Prev++ },
		"id":          func(e *protocol.Envelope) { e.ID[15]++ },
		"type":        func(e *protocol.Envelope) { e.Type = "RecordAdde" },
		"context":     func(e *protocol.Envelope) { e.Context = "ops" },
		"border":      func(e *protocol.Envelope) { e.Type, e.Context = "RecordAddedd", "ns" },
		"schema":      func(e *protocol.Envelope) { e.Schema++ },
		"key":         func(e *protocol.Envelope) { e.Key++ },
		"tags":        func(e *protocol.Envelope) { e.Tags = e.Tags[:1] },
		"joined tags": func(e *protocol.Envelope) { e.Tags = []domain.Tag{"zone:12record:7"} },
		"tag order":   func(e *protocol.Envelope) { e.Tags = []domain.Tag{"record:7", "zone:12"} },
		"data bytes":  func(e *protocol.Envelope) { e.Data = []byte(`{"id":7,"host":"wörld"}`) },
		"actor":       func(e *protocol.Envelope) { e.Actor++ },
		"credential":  func(e *protocol.Envelope) { e.Credential++ },
		"door":        func(e *protocol.Envelope) { e.Door = domain.DoorV1 },
		"no door":     func(e *protocol.Envelope) { e.Door = "" },
		"more":        func(e *protocol.Envelope) { e.More++ },
		"more own":    func(e *protocol.Envelope) { e.MoreOwn++ },
		"command":     func(e *protocol.Envelope) { e.CommandID[15]++ },
		"causation":   func(e *protocol.Envelope) { e.Causation++ },
		"correlation": func(e *protocol.Envelope) { e.Correlation[15]++ },
		"time":        func(e *protocol.Envelope) { e.RecordedAt = e.RecordedAt.Add(time.Microsecond) },
	}
	seen := map[[32]byte]string{}
	for name, change := range changes {
		e := sample()
		change(&e)
		h := eventstore.LeafHash(&e)
		if other, twice := seen[h]; twice {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
	}
}

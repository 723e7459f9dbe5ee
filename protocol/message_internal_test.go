package protocol

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

// messageTexts are texts that a message may hold; some have to be escaped.
var messageTexts = []string{"", "RecordAdded", "node:12/www", `a"b\c`, "<&>", "名", "a\u2028\x7f\t", "bad\xff"}

func randomEnvelope(r *rand.Rand) Envelope {
	text := func() string { return messageTexts[r.IntN(len(messageTexts))] }
	e := Envelope{
		Position: domain.Position(r.Int64N(1 << 40)), Prev: domain.Position(r.Int64N(1 << 40)), ID: uuid.New(), Type: text(), Context: domain.Context(text()),
		Schema: r.IntN(9), Key: r.Int64N(1<<40) - 1<<20, Actor: domain.UserID(r.Int64N(100)), CommandID: uuid.New(), Causation: domain.Position(r.Int64N(2)), Correlation: uuid.New(),
		RecordedAt: time.UnixMicro(r.Int64N(1 << 52)).UTC(),
	}
	if r.IntN(3) == 0 {
		e.More, e.MoreOwn = r.IntN(3), r.IntN(3)
	}
	if r.IntN(3) > 0 {
		e.Door, e.Credential = domain.Doors()[r.IntN(len(domain.Doors()))], domain.CredentialID(r.Int64N(2))
	} else if r.IntN(3) == 0 {
		e.Door = domain.Door(text())
	}
	for range r.IntN(4) {
		e.Tags = append(e.Tags, domain.Tag(text()))
	}
	if r.IntN(2) == 0 {
		e.Data, _ = json.Marshal(map[string]any{text(): text(), "b}{": map[string]any{text(): []any{text(), 1}}})
	}
	return e
}

// The payload is what encoding/json writes, and both ways of reading it agree.
func TestMessages(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		e := randomEnvelope(r)
		want, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		payload, err := AppendMessage(nil, &e)
		if err != nil || string(payload) != string(want) {
			t.Fatalf("%s, %v\nencoding/json writes\n%s", payload, err, want)
		}
		compareReaders(t, payload)
	}
	if _, err := AppendMessage(nil, &Envelope{RecordedAt: time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("a time that JSON cannot hold was written")
	}
}

// Frequent events are read without encoding/json, which allocates some twenty times for each.
func TestOrdinaryMessagesAreReadTheFastWay(t *testing.T) {
	e := ordinary()
	payload, err := AppendMessage(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = ReadMessage(payload) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

// compareReaders fails if ReadMessage accepts a payload that encoding/json does not, or
// reads other values.
func compareReaders(t *testing.T, payload []byte) {
	t.Helper()
	got, err := ReadMessage(payload)
	var want Envelope
	if wantErr := json.Unmarshal(payload, &want); (err == nil) != (wantErr == nil) && (len(got.Data) == 0 || json.Valid(got.Data)) {
		t.Fatalf("%s is read with %v, by encoding/json with %v", payload, err, wantErr)
	} else if err != nil || wantErr != nil {
		return
	}
	want.Tags, want.CommandID, want.Causation, want.Correlation = nil, uuid.Nil, 0, uuid.Nil
	if !got.RecordedAt.Equal(want.RecordedAt) {
		t.Fatalf("%s was recorded at %v, by encoding/json at %v", payload, got.RecordedAt, want.RecordedAt)
	}
	got.RecordedAt = want.RecordedAt
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s is read as\n%+v, by encoding/json as\n%+v", payload, got, want)
	}
}

// FuzzReadMessage compares the readers on any payload, see compareReaders.
func FuzzReadMessage(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		e := randomEnvelope(r)
		payload, err := AppendMessage(nil, &e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Add([]byte(`{"position":01}`))
	f.Add([]byte(`{"position":1,"prev":-1}`))
	e := ordinary()
	for _, e.Credential = range []domain.CredentialID{0, 7, -1} {
		for _, e.Door = range append(domain.Doors(), "", "another", `d"oor`) {
			payload, err := AppendMessage(nil, &e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(payload)
		}
	}
	f.Fuzz(compareReaders)
}

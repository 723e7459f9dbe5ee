package eventstore_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// renamed is the second schema of Noted: what was text is called words.
type renamed struct {
	Words string `json:"words"`
}

func (renamed) EventType() string  { return "Noted" }
func (renamed) Tags() []domain.Tag { return []domain.Tag{"x"} }
func (renamed) SubjectKey() int64  { return 0 }

// A newer program reads what an older one wrote, and leaves its bytes alone; an
// older one refuses what it cannot know.
func TestOldSchemasAreLifted(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	execute(t, run(t, pool), note(noted{Text: "hello", On: []domain.Tag{"x"}}))
	newer := domain.NewCodec([]domain.Descriptor{domain.Describe[renamed](domain.ContextDNS, func(old json.RawMessage) (json.RawMessage, error) {
		var v1 struct{ Text string }
		err := json.Unmarshal(old, &v1)
		lifted, _ := json.Marshal(renamed{Words: v1.Text})
		return lifted, err
	})})
	s := run(t, pool, func(c *eventstore.Config) { c.Codec = newer })
	execute(t, s, note(renamed{Words: "world"}))
	var words []string
	for _, e := range wholeLog(t, s) {
		r, err := e.Decode(newer)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, r.Event.(renamed).Words)
		if e.Schema == 1 && !strings.Contains(string(e.Data), `"text":"hello"`) {
			t.Errorf("the old bytes changed: %s", e.Data)
		}
	}
	if strings.Join(words, " ") != "hello world" {
		t.Errorf("read %q", words)
	}
	older := run(t, pool)
	_, err := older.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: take("x")})
	if err != nil {
		t.Errorf("a decision that does not read the newer event: %v", err)
	}
	c := countOf("x")
	_, err = older.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) { return nil, h.Load(c) })})
	if err == nil || !strings.Contains(err.Error(), "schema 2") {
		t.Errorf("the older program decided on an event that it cannot read: %v", err)
	}
}

package pull

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/testkit"
)

func TestResetAnswers(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	made := time.Date(2026, 11, 22, 21, 50, 0, 123456789, time.UTC)
	for name, c := range map[string]struct{ answer, want string }{
		"carried-out":   {`{"created":"2026-11-22T21:50:00.123456789Z"}`, ""},
		"refused":       {`{"error":{"description":"consumer not found"}}`, "consumer not found"},
		"says-nothing":  {`{}`, "does not say when"},
		"not-an-answer": {`+OK`, "invalid character"},
	} {
		var asked atomic.Int32
		sub, err := nc.Subscribe(subject("RESET", name), func(m *nats.Msg) {
			if asked.Add(1) == 1 && name == "carried-out" {
				return // nobody answers for a consumer that is just being made
			}
			_ = m.Respond([]byte(c.answer))
		})
		if err != nil {
			t.Fatal(err)
		}
		created, err := Reset(t.Context(), nc, name, 5)
		switch {
		case c.want == "" && (err != nil || !created.Equal(made)):
			t.Errorf("%s: %s, %v", name, created, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v", name, err)
		}
		_ = sub.Unsubscribe()
	}
}

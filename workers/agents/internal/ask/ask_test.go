package ask_test

import (
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/internal/ask"
	"github.com/opsledger/opsledger/workers/internal/signtest"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Without the control plane's key an agent believes nobody, be an answer signed or not.
func TestWithoutAKeyNobodyIsBelieved(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	for subject, answer := range map[string]func(*nats.Msg) error{
		"signed":   func(m *nats.Msg) error { return signtest.Answer(m, 7, protocol.ForWork, "x") },
		"unsigned": func(m *nats.Msg) error { return m.Respond([]byte(`"x"`)) },
	} {
		if _, err := nc.Subscribe(subject, func(m *nats.Msg) {
			if err := answer(m); err != nil {
				t.Error(err)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	genuine := signtest.Public()
	for what, key := range map[string]ed25519.PublicKey{
		"the key": genuine, "no key": nil, "an empty key": {}, "half a key": genuine[:16], "another key": make([]byte, ed25519.PublicKeySize),
	} {
		asker := ask.Asker{NC: nc, ID: 7, Key: key}
		for _, subject := range []string{"signed", "unsigned"} {
			answer, err := asker.Ask(t.Context(), protocol.ForWork, subject, nil)
			if good := what == "the key" && subject == "signed"; good != (err == nil) || !good && (!errors.Is(err, protocol.ErrNotGenuine) || answer != nil) {
				t.Errorf("%s, %s: %s, %v", what, subject, answer, err)
			}
		}
		if err := asker.Told(protocol.ForCheck, nats.NewMsg("x")); !errors.Is(err, protocol.ErrNotGenuine) {
			t.Errorf("%s: told without a signature: %v", what, err)
		}
	}
}

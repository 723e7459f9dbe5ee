package confcheck_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/confcheck"
	"github.com/opsledger/opsledger/workers/protocol"
)

const good = "options { recursion no; };\n"

// message is the user's text of a refusal.
func message(t *testing.T, err error) string {
	t.Helper()
	var refusal *domain.Error
	if !errors.As(err, &refusal) || refusal.Code != domain.CodeInvalid || !strings.HasPrefix(refusal.Message, "bind_conf: ") {
		t.Fatalf("%v is not a refusal for the user", err)
	}
	return refusal.Message
}

func TestWithTheProgramOfThisMachine(t *testing.T) {
	t.Parallel()
	c := confcheck.New(confcheck.Config{})
	if err := c.Check(t.Context(), good); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"options { recursion maybe; };": "maybe",
		"line1\nline2":                  "named.conf:1: unknown option 'line1'",
		"options {":                     "named.conf",
	} {
		got := message(t, c.Check(t.Context(), text))
		if !strings.Contains(got, want) || strings.Contains(got, "opsledger-") {
			t.Errorf("%q: %q, want something with %q and no path of ours", text, got, want)
		}
	}
}

func TestNobodyCanCheck(t *testing.T) {
	t.Parallel()
	c := confcheck.New(confcheck.Config{Program: filepath.Join(t.TempDir(), "none")})
	var refusal *domain.Error
	if err := c.Check(t.Context(), good); err == nil || errors.As(err, &refusal) {
		t.Errorf("got %v", err)
	}
}

func TestAnAgentIsAskedFirst(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	var online []int64
	c := confcheck.New(confcheck.Config{NC: nc, Online: func() []int64 { return online }, Program: "/bin/false"})
	answer := func(agent int64, verdict string) {
		if _, err := nc.Subscribe(protocol.SubjectCheckConf(agent), func(m *nats.Msg) {
			var request protocol.CheckConfRequest
			reply := protocol.CheckConfReply{Error: verdict}
			if err := json.Unmarshal(m.Data, &request); err != nil || request.Text != good {
				reply.Error = "garbled"
			}
			payload, _ := json.Marshal(reply)
			_ = m.Respond(payload)
		}); err != nil {
			t.Fatal(err)
		}
	}
	answer(1, "")
	answer(2, "named says no")
	local := "named-checkconf refuses the configuration without saying why" // /bin/false
	for _, s := range []struct {
		online []int64
		want   string
	}{{nil, local}, {[]int64{1}, ""}, {[]int64{2}, "named says no"}, {[]int64{9}, local}, {[]int64{9, 8, 1}, ""}} {
		online = s.online
		err := c.Check(t.Context(), good)
		if s.want == "" && err != nil || s.want != "" && message(t, err) != "bind_conf: "+s.want {
			t.Errorf("agents %v: %v, want %q", s.online, err, s.want)
		}
	}
}

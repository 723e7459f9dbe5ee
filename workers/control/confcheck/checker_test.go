package confcheck_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/confcheck"
)

const good = "options {\n\trecursion no;\n};\n"

func parse(t *testing.T, text string) *dns.BindConf {
	t.Helper()
	conf, err := dns.ParseBindConf(text)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

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
	if err := c.Check(t.Context(), parse(t, good)); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"options { recursion maybe; };": "maybe",
		"line1 line2;":                  "bind_conf: unknown option 'line1'",
	} {
		got := message(t, c.Check(t.Context(), parse(t, text)))
		if !strings.Contains(got, want) || strings.Contains(got, "opsledger-") {
			t.Errorf("%q: %q, want something with %q and no path of ours", text, got, want)
		}
	}
}

// What two lexers read differently must not become a statement of the client's
// choice: the first text is an include and a plugin to named-checkconf when it
// gets the text as it came, though the parser sees one acl statement.
func TestClientsTextIsNotChecked(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("root:x:0:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := confcheck.New(confcheck.Config{})
	for _, statement := range []string{`include "` + secret + `"`, `plugin query "` + secret + `"`} {
		text := `acl ab/**/* "*/{ none; }; ` + statement + `; //" ;`
		if got := message(t, c.Check(t.Context(), parse(t, text))); strings.Contains(got, "root") || strings.Contains(got, secret+":") {
			t.Errorf("%s: %q shows that the file was opened", text, got)
		}
	}
}

func TestNobodyCanCheck(t *testing.T) {
	t.Parallel()
	c := confcheck.New(confcheck.Config{Program: filepath.Join(t.TempDir(), "none")})
	var refusal *domain.Error
	if err := c.Check(t.Context(), parse(t, good)); err == nil || errors.As(err, &refusal) {
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
		err := c.Check(t.Context(), parse(t, good))
		if s.want == "" && err != nil || s.want != "" && message(t, err) != "bind_conf: "+s.want {
			t.Errorf("agents %v: %v, want %q", s.online, err, s.want)
		}
	}
}

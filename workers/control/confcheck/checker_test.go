package confcheck_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/confcheck"
	"github.com/opsledger/opsledger/workers/control/signing"
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
		"line1 line2;":                  "bind_conf: 第1行：unknown option 'line1'",
		"// of the author\noptions {\n\n\tallow-query { any; }; /* two\n\tlines */ recursion maybe;\n};": "bind_conf: 第5行：boolean expected near 'maybe'",
	} {
		got := message(t, c.Check(t.Context(), parse(t, text)))
		if !strings.Contains(got, want) || strings.Contains(got, "opsledger-") {
			t.Errorf("%q: %q, want something with %q and no path of ours", text, got, want)
		}
	}
}

// attacks are texts in which named's lexer sees other statements than ours, when it gets
// them as they came. NAME stands for a file.
var attacks = []string{
	`acl ab/**/* "*/{ none; }; include "NAME"; //" ;`,
	`acl ab/**/* "*/{ none; }; plugin query "NAME"; //" ;`,
	`acl ab/***/* "*/{ none; }; include "NAME"; //" ;`,
	`acl a/**/* "*/ b { none; }; dyndb "x" "NAME" { }; //" ;`,
	`options { version ab/**/* "*/; include "NAME"; //" ;
	};`,
	`foo "a; include " NAME "; b";`,
	`key k { foo "; include " NAME ";"; };`,
}

// Even text that was read with the rules of before does no harm: what is checked is
// written anew. A client's text of this kind is refused before.
func TestClientsTextIsNotChecked(t *testing.T) {
	t.Parallel()
	secret := filepath.Join("/tmp", "opsledger-"+rand.Text())
	if err := os.WriteFile(secret, []byte("root:x:0:0;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(secret)
	c := confcheck.New(confcheck.Config{})
	for _, attack := range attacks {
		text := strings.ReplaceAll(attack, "NAME", secret)
		if conf, err := dns.ParseBindConf(text); err == nil && conf.Validate() == nil {
			t.Errorf("%s: accepted", text)
		}
		conf, err := dns.ReadBindConf(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := message(t, c.Check(t.Context(), conf))
		if strings.Contains(got, "root") || strings.Contains(got, secret+":") || strings.Contains(got, "file not found") {
			t.Errorf("%s: %q shows that the file was looked for", text, got)
		}
	}
}

// Invariant 2.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	const text = `key "k" { algorithm hmac-sha256; secret "c2VjcmV0czE="; };
options { cookie-secret "0123456789abcdef0123456789abcdef"; };`
	checked := make(chan string, 1)
	agent(t, nc, 1, func(text string) string {
		checked <- text
		return ""
	})
	c := newChecker(confcheck.Config{NC: nc, Signer: signer(t), Online: func() []int64 { return []int64{1} }})
	if err := c.Check(t.Context(), parse(t, text)); err != nil {
		t.Fatal(err)
	}
	standIns := strings.NewReplacer("c2VjcmV0czE=", "AAAAAAAAAAA=", "0123456789abcdef0123456789abcdef", strings.Repeat("A", 32))
	want := standIns.Replace(parse(t, text).String())
	if got := <-checked; got != want {
		t.Errorf("the agent got %s\nwant %s", got, want)
	}
	if err := confcheck.New(confcheck.Config{}).Check(t.Context(), parse(t, text)); err != nil {
		t.Errorf("named does not take the stand-ins: %v", err)
	}
}

// newChecker returns a checker whose agents have all the time of a test to answer.
func newChecker(cfg confcheck.Config) *confcheck.Checker {
	c := confcheck.New(cfg)
	c.SetAskTimeout(testkit.Patience)
	return c
}

func signer(t *testing.T) *signing.Signer {
	t.Helper()
	secrets, err := vault.Open(testkit.Postgres(t), filepath.Join(t.TempDir(), "vault.key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := signing.New(t.Context(), secrets, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// agent answers the checks of an agent, with an error where verdict says "silence".
func agent(t *testing.T, nc *nats.Conn, id int64, verdict func(text string) string) {
	t.Helper()
	sub, err := nc.Subscribe(protocol.SubjectCheckConf(id), func(m *nats.Msg) {
		var request protocol.CheckConfRequest
		if err := json.Unmarshal(m.Data, &request); err != nil {
			t.Error(err)
		}
		said := verdict(request.Text)
		if said == silence {
			return
		}
		payload, _ := json.Marshal(protocol.CheckConfReply{Error: said})
		_ = m.Respond(payload)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Unsubscribe() })
}

// silence is what a busy agent says.
const silence = "silence"

// Invariant 3: texts that keep an agent busy do not come to the program of this machine.
func TestBusyAgentsWorkIsNotDoneHere(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	ran := filepath.Join(t.TempDir(), "ran")
	agent(t, nc, 1, func(string) string { return silence })
	agent(t, nc, 2, func(string) string { return "" })
	for _, s := range []struct {
		online []int64
		want   error
	}{{[]int64{1}, confcheck.ErrBusy}, {[]int64{9, 1}, confcheck.ErrBusy}, {[]int64{1, 2}, nil}} {
		c := newChecker(confcheck.Config{NC: nc, Signer: signer(t), Online: func() []int64 { return s.online }, Program: ran})
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if s.want != nil {
			ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
		}
		defer cancel()
		if err := c.Check(ctx, parse(t, good)); !errors.Is(err, s.want) || s.want == nil && err != nil {
			t.Errorf("agents %v: %v, want %v", s.online, err, s.want)
		}
	}
}

// Invariant 4.
func TestChecksAreBounded(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	begun, goOn := make(chan bool), make(chan bool)
	const bound = 8
	for id := range int64(bound) {
		agent(t, nc, id+1, func(string) string {
			begun <- true
			<-goOn
			return ""
		})
	}
	var next atomic.Int64
	c := newChecker(confcheck.Config{NC: nc, Signer: signer(t), Online: func() []int64 { return []int64{next.Add(1)} }})
	ended := make(chan error)
	for range bound {
		go func() { ended <- c.Check(context.Background(), parse(t, good)) }()
		<-begun
	}
	if err := c.Check(t.Context(), parse(t, good)); !errors.Is(err, confcheck.ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	close(goOn)
	for range bound {
		if err := <-ended; err != nil {
			t.Error(err)
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
	c := newChecker(confcheck.Config{NC: nc, Signer: signer(t), Online: func() []int64 { return online }, Program: "/bin/false"})
	answer := func(id int64, verdict string) {
		agent(t, nc, id, func(text string) string {
			if text != good {
				return "garbled"
			}
			return verdict
		})
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

package webhook

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/publicdial"
	"github.com/opsledger/opsledger/internal/testkit"
)

// sent is what a receiver gets of a message that is signed by two secrets.
func sent(t *testing.T, secrets ...string) (http.Header, []byte) {
	t.Helper()
	var header http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	allow, err := publicdial.ParseAllowed("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(SenderConfig{Allow: []publicdial.Allowed{allow}})
	defer s.Close()
	to, err := s.Address(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := s.Send(t.Context(), Target{to, secrets}, Message{ID: "log-7", Type: "RecordAdded", At: time.Now(), Data: []byte(`{"x":"<ü>"}`)})
	if !o.Delivered() {
		t.Fatal(o.Error())
	}
	return header, body
}

// example is the code of a language in docs/webhooks.md.
func example(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "webhooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```"+language+"\n")
	code, _, ends := strings.Cut(rest, "```")
	if !found || !ends {
		t.Fatalf("the document has no %s", language)
	}
	return code
}

// The examples of the document take what is signed by the new secret or by the former one, and
// refuse what is not.
func TestDocumentVerifies(t *testing.T) {
	t.Parallel()
	secret, former, other := NewSecret(), NewSecret(), NewSecret()
	header, body := sent(t, secret, former)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	content := write("body", string(body))
	programs := map[string][]string{
		"python3": {write("verify.py", example(t, "python")+`
import os, sys
headers = {name: os.environ[name.replace("-", "_")] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
sys.exit(0 if verify(os.environ["secret"], headers, open(os.environ["body"], "rb").read()) else 1)
`)},
		"sh": {write("verify.sh", `id=$webhook_id timestamp=$webhook_timestamp signature=$webhook_signature
`+example(t, "sh"))},
		"go": {"run", write("verify.go", `package main

import ("crypto/hmac"; "crypto/sha256"; "encoding/base64"; "fmt"; "net/http"; "os"; "strconv"; "strings"; "time")

`+example(t, "go")+`
func main() {
	h := http.Header{}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		h.Set(name, os.Getenv(strings.ReplaceAll(name, "-", "_")))
	}
	body, _ := os.ReadFile(os.Getenv("body"))
	if !verify(os.Getenv("secret"), h, body) {
		os.Exit(1)
	}
}
`)},
	}
	if testkit.RaceDetector { // what it imports is compiled like that already
		programs["go"] = slices.Insert(programs["go"], 1, "-race")
	}
	for program, args := range programs {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(program); err != nil {
				t.Skip(err)
			}
			for _, c := range []struct {
				name, secret, timestamp string
				good                    bool
			}{
				{"new", secret, header.Get("webhook-timestamp"), true}, {"former", former, header.Get("webhook-timestamp"), true},
				{"another's", other, header.Get("webhook-timestamp"), false}, {"another time", secret, "1", false},
			} {
				cmd := exec.CommandContext(t.Context(), program, args...)
				cmd.Env = append(os.Environ(), "secret="+c.secret, "body="+content, "webhook_id="+header.Get("webhook-id"),
					"webhook_timestamp="+c.timestamp, "webhook_signature="+header.Get("webhook-signature"))
				if said, err := cmd.CombinedOutput(); (err == nil) != c.good {
					t.Errorf("%s: %v %s", c.name, err, said)
				}
			}
		})
	}
}

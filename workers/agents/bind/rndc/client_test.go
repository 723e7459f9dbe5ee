package rndc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var secret = []byte("0123456789abcdef0123456789abcdef")

// startNamed runs a named that has nothing but a control channel, and returns its address.
func startNamed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	addr := netip.MustParseAddrPort(testkit.Address(t))
	conf := fmt.Sprintf(`key "c" { algorithm hmac-sha256; secret %q; };
controls { inet 127.0.0.1 port %d allow { 127.0.0.1; } keys { "c"; }; };
options { directory %q; pid-file none; lock-file none; session-keyfile none; listen-on { none; }; listen-on-v6 { none; }; allow-new-zones yes; recursion no; };
`, base64.StdEncoding.EncodeToString(secret), addr.Port(), dir)
	file := filepath.Join(dir, "named.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("/usr/sbin/named")
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "named") // out of reach of AppArmor's profile
	if err := os.WriteFile(own, program, 0o700); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	named, err := child.Start(t.Context(), child.Spec{Path: own, Args: []string{"-g", "-c", file}, Log: &out})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		named.Kill()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	testkit.Eventually(t, "named answers", func() bool {
		c, err := net.Dial("tcp", addr.String())
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return addr.String()
}

func TestCommands(t *testing.T) {
	t.Parallel()
	c := New(startNamed(t), secret)
	defer c.Close()
	ctx := context.Background()
	for range 3 {
		text, err := c.Call(ctx, "status")
		if err != nil || !strings.Contains(text, "server is up and running") {
			t.Fatalf("status: %q, %v", text, err)
		}
	}
	var refused *CommandError
	if _, err := c.Call(ctx, "showzone "+Quote("none.test")+" IN _default"); !errors.As(err, &refused) || refused.Result != "not found" {
		t.Errorf("showzone: %v", err)
	}
	// quotes, braces and semicolons in a word stay in the word
	evil := `a"; }; evil.test`
	if _, err := c.Call(ctx, "showzone "+Quote(evil)); !errors.As(err, &refused) {
		t.Errorf("showzone of a strange name: %v", err)
	}
	// a connection that was lost is replaced by the next command
	_ = c.conn.Close()
	if _, err := c.Call(ctx, "status"); err == nil {
		t.Error("a lost connection must be reported: the command's fate is unknown")
	}
	if _, err := c.Call(ctx, "status"); err != nil {
		t.Errorf("after a lost connection: %v", err)
	}
}

func TestWrongKeyAndNobody(t *testing.T) {
	t.Parallel()
	stranger := New(startNamed(t), []byte("another secret"))
	defer stranger.Close()
	if text, err := stranger.Call(context.Background(), "status"); err == nil {
		t.Errorf("a stranger gets %q", text)
	}
	nobody := New("127.0.0.1:1", secret)
	if _, err := nobody.Call(context.Background(), "status"); !errors.Is(err, ErrNotSent) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestForgedAndBrokenReplies(t *testing.T) {
	t.Parallel()
	good := encode(secret, []field{{name: "_data", table: []field{text("text", "hello")}}})[4:]
	fields, err := decode(secret, good)
	if err != nil || string(lookup(lookup(fields, "_data").table, "text").value) != "hello" {
		t.Fatalf("decode: %v, %v", fields, err)
	}
	for i := range good {
		bad := append([]byte{}, good...)
		bad[i] ^= 1
		got, err := decode(secret, bad)
		if err == nil && string(lookup(lookup(got, "_data").table, "text").value) != "hello" {
			t.Errorf("octet %d changed and not noticed", i)
		}
		if _, err := decode(secret, good[:i]); err == nil {
			t.Errorf("cut at %d and not noticed", i)
		}
	}
}

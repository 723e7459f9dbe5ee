package busauth

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/pinned"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/control/signing"
)

// elsewhere stands for a network: whatever address is dialled, the server answers.
type elsewhere struct{ server string }

func (e elsewhere) Dial(network, _ string) (net.Conn, error) { return net.Dial(network, e.server) }

// listening is a bus that lets everybody in.
func listening(t *testing.T, with *tls.Config) *embeddednats.Server {
	t.Helper()
	s, err := embeddednats.Start(embeddednats.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", TLS: with})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func foreignTLS(t *testing.T) *tls.Config {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := pinned.New(key)
	if err != nil {
		t.Fatal(err)
	}
	return pinned.Server(func(context.Context) pinned.Certificate { return certificate })
}

// An agent speaks with a bus that shows the pinned key, or that is on this machine; with
// no other.
func TestAgentsVerifyTheBus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enroll()
	pins := w.credentials(Identity{KindHost, 1}).Pins
	plain, own, foreign := listening(t, nil), listening(t, w.authority.Signer().BusTLS()), listening(t, foreignTLS(t))
	const far = "nats://192.0.2.1:4222"
	for _, c := range []struct {
		what string
		pins []string
		bus  *embeddednats.Server
		url  string // empty: the bus's own
		good bool
	}{
		{"the pinned bus", pins, own, "", true},
		{"the pinned bus, by its old scheme", pins, own, strings.Replace(own.URL(), "tls://", "nats://", 1), true},
		{"the pinned bus elsewhere", pins, own, far, true},
		{"another certificate", pins, foreign, "", false},
		{"another certificate elsewhere", pins, foreign, far, false},
		{"in clear, in spite of a pin", pins, plain, "", false},
		{"in clear elsewhere, in spite of a pin", pins, plain, far, false},
		{"in clear on this machine", nil, plain, "", true},
		{"in clear elsewhere", nil, plain, far, false},
		{"in clear at a name that may be anywhere", nil, plain, "nats://bus.example:4222", false},
		{"in clear here or elsewhere", nil, plain, plain.URL() + "," + far, false},
		{"a certificate that nobody vouches for, elsewhere", nil, own, far, false},
	} {
		url, options := c.url, []nats.Option{Credentials{Pins: c.pins}.Option(), nats.MaxReconnects(0), nats.Timeout(testkit.Patience)}
		if url == "" {
			url = c.bus.URL()
		} else {
			options = append(options, nats.SetCustomDialer(elsewhere{strings.SplitN(c.bus.URL(), "://", 2)[1]}), nats.SkipHostLookup())
		}
		nc, err := nats.Connect(url, options...)
		if c.good != (err == nil) {
			t.Errorf("%s: %v", c.what, err)
		}
		if err == nil {
			nc.Close()
		}
	}
}

// With a pin, that the system trusts a certificate is worth nothing: whoever can get one for
// the name of the bus is not the bus. Without a pin it is what counts. No other test runs
// meanwhile, since the whole process takes the authority for the system's.
func TestAPinIsTrustedAlone(t *testing.T) {
	ca := testkit.NewCA(t)
	t.Setenv("SSL_CERT_FILE", ca.File)
	pair, err := tls.LoadX509KeyPair(ca.Issue("bus.example"))
	if err != nil {
		t.Fatal(err)
	}
	bus := listening(t, &tls.Config{Certificates: []tls.Certificate{pair}})
	there := []nats.Option{nats.SetCustomDialer(elsewhere{strings.SplitN(bus.URL(), "://", 2)[1]}), nats.SkipHostLookup(), nats.MaxReconnects(0), nats.Timeout(testkit.Patience)}
	for name, good := range map[string]bool{"bus.example": true, "other.example": false} {
		nc, err := nats.Connect("tls://"+name+":4222", append(there, Credentials{}.Option())...)
		if good != (err == nil) {
			t.Fatalf("%s, without a pin: %v", name, err)
		}
		if err == nil {
			nc.Close()
		}
	}
	if nc, err := nats.Connect("tls://bus.example:4222", append(there, Credentials{Pins: []string{"sha256/x"}}.Option())...); !errors.Is(err, pinned.ErrOther) {
		nc.Close()
		t.Errorf("with another pin: %v", err)
	}
}

// A bus on this machine that may be spoken with in clear cannot send the agent elsewhere.
func TestInClearOnlyOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"192.0.2.1:4222", "[2001:db8::1]:4222", "0.0.0.0:4222", "bus.example:4222", "nonsense"} {
		if _, err := (loopbackDialer{}).Dial("tcp", address); !errors.Is(err, ErrUnencrypted) {
			t.Errorf("%s: %v", address, err)
		}
	}
	dials := nats.GetDefaultOptions()
	dials.Servers = []string{"nats://127.0.0.1:4222"}
	if err := (Credentials{}).Option()(&dials); err != nil || dials.CustomDialer == nil {
		t.Fatalf("a connection in clear is made by no dialer of ours: %v", err)
	}
	if _, err := dials.CustomDialer.Dial("tcp", "192.0.2.1:4222"); !errors.Is(err, ErrUnencrypted) {
		t.Errorf("a connection in clear leads elsewhere: %v", err)
	}
	for url, want := range map[string]bool{
		"nats://127.0.0.1:4222": true, "127.0.0.1:4222": true, "nats://[::1]:4222": true, "nats://127.9.9.9": true, "localhost:4222": true,
		"nats://[::ffff:127.0.0.1]:4222": true, "nats://localhost.example:4222": false, "nats://127.0.0.1.example": false,
		"nats://127.0.0.1@192.0.2.1:4222": false,
		"nats://2130706433:4222":          false, "nats://0x7f000001:4222": false, "nats://0177.0.0.1": false, "nats://127.1": false, // forms of other programs
		"nats://[::ffff:c000:201]:4222": false, "nats://[fe80::1%lo]:4222": false, "localhost.:4222": false, "nats://127.0.0.1,nats://10.0.0.1": false,
		"nats://0.0.0.0:4222": false, "nats://[::]:4222": false, "nats://10.0.0.1": false, "%": false, "": false,
	} {
		if got := onLoopback([]string{url}); got != want {
			t.Errorf("%q is on this machine: %t", url, got)
		}
	}
}

// Credentials live through one rotation and not through two, on the bus and in what is
// signed, in a process that runs meanwhile.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enroll()
	who := Identity{KindHost, 1}
	bus := listening(t, w.authority.Signer().BusTLS())
	connects := func(c Credentials) bool {
		nc, err := nats.Connect(bus.URL(), Credentials{Pins: c.Pins}.Option(), nats.Timeout(testkit.Patience))
		if err == nil {
			nc.Close()
		}
		return err == nil
	}
	rotate := func() Credentials {
		t.Helper()
		if _, err := signing.Rotate(t.Context(), w.vault); err != nil {
			t.Fatal(err)
		}
		c, err := w.another().Credentials(t.Context(), who, "nats://x")
		if err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "the process that runs has the new set", func() bool {
			key, _ := w.authority.Signer().Known(t.Context())
			return key.Equal(c.Key)
		})
		return c
	}
	first := w.credentials(who)
	second := rotate()
	if !connects(first) || !connects(second) || first.Key.Equal(second.Key) {
		t.Error("credentials of one of the two sets in force are refused")
	}
	third := rotate()
	if connects(first) || !connects(second) || !connects(third) {
		t.Error("after two rotations the bus is trusted by the wrong credentials")
	}
}

// Credentials of an earlier version cannot verify anything, and say what to do.
func TestCredentialsWithoutAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enroll()
	for what, key := range map[string]ed25519.PublicKey{"no key": nil, "half a key": make([]byte, 16)} {
		c := w.credentials(Identity{KindHost, 1})
		c.Key = key
		path := filepath.Join(t.TempDir(), "creds")
		if err := c.WriteFile(path); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCredentials(path); err == nil || !strings.Contains(err.Error(), "opsledger agent enroll") {
			t.Errorf("%s: %v", what, err)
		}
	}
	// An earlier version's first line has no such field at all.
	c := w.credentials(Identity{KindHost, 1})
	path := filepath.Join(t.TempDir(), "creds")
	if err := c.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	head, err := json.Marshal(map[string]any{"url": c.URL, "kind": c.Kind, "id": c.ID, "log": c.Log})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(append(head, '\n'), rest...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCredentials(path); err == nil || !strings.Contains(err.Error(), "opsledger agent enroll") {
		t.Errorf("an old file: %v", err)
	}
}

package embeddednats

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go/jetstream"
)

// Whatever has ended JetStream, the streams come back with what was in them, in
// accounts, too, and on the connections that there are.
func TestKeepOpensStreamsAnew(t *testing.T) {
	t.Parallel()
	w := newAuthority(t)
	trust := w.trust()
	claims := jwt.NewAccountClaims(w.key(w.a))
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	trust.Accounts[w.key(w.a)] = w.signed(claims.Encode(w.operator))
	_, own := w.user(w.a)
	s := startTest(t, Config{Trust: trust, Own: own})
	nc := connect(t, s)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}}); err != nil {
		t.Fatal(err)
	}
	publish := func(ctx context.Context) (uint64, error) {
		ack, err := js.Publish(ctx, "s.1", []byte("x"))
		if err != nil {
			return 0, err
		}
		return ack.Sequence, nil
	}
	if n, err := publish(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if err := s.look(); err != nil {
		t.Fatal(err)
	}
	if err := s.inner.ShutdownJetStream(); err != nil {
		t.Fatal(err)
	}
	if err := s.look(); err == nil {
		t.Fatal("nothing is known of JetStream's end")
	}
	ctx, stop := context.WithCancel(t.Context())
	var keeping sync.WaitGroup
	keeping.Go(func() {
		if err := s.Keep(ctx); err != nil {
			t.Error(err)
		}
	})
	defer keeping.Wait()
	defer stop()
	for end := time.Now().Add(3 * time.Minute); ; {
		n, err := publish(t.Context())
		if err == nil && n >= 2 { // more, if an answer was lost
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the stream takes nothing: %d, %v", n, err)
		}
	}
	if err := s.look(); err != nil || nc.Stats().Reconnects > 0 {
		t.Errorf("%v, %d new connections", err, nc.Stats().Reconnects)
	}
}

// A folder that cannot be written is no place to open streams in.
func TestTryFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := tryFolder(dir); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v are left", err, left)
	}
	if err := tryFolder(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there was found well")
	}
}

// The bus takes connections within what the process may open, and ends those on
// which nobody says who they are.
func TestBoundsOfStrangers(t *testing.T) {
	t.Parallel()
	opts, err := options(Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if opts.MaxConn < 64 || opts.MaxConn > maxConnections || opts.AuthTimeout <= 0 || opts.AuthTimeout > 5 {
		t.Errorf("%d connections, %v s", opts.MaxConn, opts.AuthTimeout)
	}
	w := newAuthority(t)
	_, own := w.user(w.a)
	s := startTest(t, Config{Listen: "127.0.0.1:0", Trust: w.trust(), Own: own})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text := make([]byte, 1<<16)
	read := 0
	for err = nil; err == nil; {
		var n int
		n, err = conn.Read(text[read:])
		read += n
	}
	if !strings.Contains(string(text[:read]), "Authentication Timeout") {
		t.Errorf("a silent connection ended with %q", text[:read])
	}
}

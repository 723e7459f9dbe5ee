package keypair_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/internal/keypair"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// shown is the name of the certificate that a client is shown.
func shown(t *testing.T, p *keypair.Pair) string {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	client := tls.Client(near, &tls.Config{InsecureSkipVerify: true})
	done := make(chan error, 1)
	go func() { done <- tls.Server(far, p.Config()).HandshakeContext(t.Context()) }()
	if err := client.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return client.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func replace(t *testing.T, file, by string) {
	t.Helper()
	text, err := os.ReadFile(by)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Invariant 1: half a replacement, a file that is away and a text that is no certificate
// change nothing, and are told once; the whole replacement serves.
func TestFilesAreReplaced(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	cert, key := ca.Issue("first")
	next, nextKey := ca.Issue("second")
	log := &testkit.Lines{}
	p, err := keypair.Open(cert, key, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer func() { stop(); wg.Wait() }()

	refused := 0
	for _, spoil := range []func(){
		func() { replace(t, cert, next) }, // the key is still that of the first
		func() { replace(t, cert, key) },
		func() { _ = os.Remove(cert) },
		func() { replace(t, cert, os.DevNull) },
	} {
		spoil()
		refused++
		testkit.Eventually(t, "the log says why", func() bool { return log.Count("the one before stays") == refused })
		if name := shown(t, p); name != "first" {
			t.Fatalf("%s serves", name)
		}
	}
	replace(t, cert, next)
	replace(t, key, nextKey)
	testkit.Eventually(t, "the second serves", func() bool { return shown(t, p) == "second" })
	if n := log.Count("the one before stays"); n > refused+1 { // one look may have fallen between the two files
		t.Errorf("%d complaints about %d states", n, refused)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	cert, key := ca.Issue("first")
	_, other := ca.Issue("second")
	for _, c := range []struct{ cert, key, says string }{
		{cert, other, "private key does not match"},
		{key, cert, "certificate"},
		{cert + ".away", key, "no such file"},
		{cert, key + ".away", "no such file"},
		{t.TempDir(), key, "is a directory"},
	} {
		if _, err := keypair.Open(c.cert, c.key, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
}

// A key that everybody may read is used and told of, one for a group is not.
func TestKeyForEverybody(t *testing.T) {
	t.Parallel()
	cert, key := testkit.NewCA(t).Issue("first")
	for mode, warnings := range map[os.FileMode]int{0o600: 0, 0o640: 0, 0o644: 1, 0o602: 1} {
		if err := os.Chmod(key, mode); err != nil {
			t.Fatal(err)
		}
		log := &testkit.Lines{}
		if _, err := keypair.Open(cert, key, slog.New(slog.NewTextHandler(log, nil))); err != nil {
			t.Error(err)
		}
		if n := log.Count("may use the key"); n != warnings {
			t.Errorf("mode %o: %d warnings", mode, n)
		}
	}
}

// Nobody speaks a TLS that is out of date.
func TestOldTLS(t *testing.T) {
	t.Parallel()
	cert, key := testkit.NewCA(t).Issue("first")
	p, err := keypair.Open(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- tls.Server(far, p.Config()).HandshakeContext(t.Context())
		_ = far.Close()
	}()
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	err = tls.Client(near, old).HandshakeContext(t.Context())
	_ = near.Close()
	if err == nil || <-done == nil {
		t.Errorf("TLS 1.1 is spoken: %v", err)
	}
}

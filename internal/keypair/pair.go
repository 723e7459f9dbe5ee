package keypair

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"
)

// lookEvery is how soon new files are noticed that nobody tells of by a signal.
const lookEvery = time.Second

// Pair is a certificate and its key.
//
// Invariants:
//  1. The pair that serves was read whole, and the key is that of the certificate. New
//     files that are not so change nothing; the log says why, once for each such state.
//  2. A handshake takes the pair from memory, whoever replaces files meanwhile.
type Pair struct {
	certFile, keyFile string
	log               *slog.Logger
	serves            atomic.Pointer[tls.Certificate]
	// seen is what the files last had, or why they could not be read.
	seen contents
	// atTerminal says that the process began with a terminal as its input.
	atTerminal bool
}

type contents struct{ cert, key, failure string }

// Open reads the files, which must hold a certificate, perhaps with those that it was
// signed with behind it, and its key, both as PEM.
func Open(certFile, keyFile string, log *slog.Logger) (*Pair, error) {
	p := &Pair{certFile: certFile, keyFile: keyFile, log: log, atTerminal: term.IsTerminal(int(os.Stdin.Fd()))}
	p.seen = p.read()
	return p, p.take()
}

// Config is for a server. It offers no protocol: http.Server adds those that it has.
func (p *Pair) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.serves.Load(), nil },
	}
}

// Run takes new files over until ctx ends: at once after a SIGHUP, else within a second
// or two. A SIGHUP that comes since the process has lost its terminal is an error: it
// asks the process to end.
func (p *Pair) Run(ctx context.Context) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-asked:
			if p.atTerminal && !term.IsTerminal(int(os.Stdin.Fd())) {
				return errors.New("the terminal was closed")
			}
			p.seen = contents{} // so that the log answers, whatever the files have
		case <-tick.C:
		}
		p.look()
	}
}

// look takes the files over if they have changed.
func (p *Pair) look() {
	now := p.read()
	if now == p.seen {
		return
	}
	p.seen = now
	if err := p.take(); err != nil {
		p.log.Error("the new TLS certificate is not used, the one before stays", "error", err)
		return
	}
	p.log.Info("TLS certificate taken over", "file", p.certFile, "until", p.serves.Load().Leaf.NotAfter)
}

func (p *Pair) read() contents {
	cert, certErr := os.ReadFile(p.certFile)
	key, keyErr := os.ReadFile(p.keyFile)
	if err := errors.Join(certErr, keyErr); err != nil {
		return contents{failure: err.Error()}
	}
	return contents{cert: string(cert), key: string(key)}
}

// take has what was seen serve, if it fits together.
func (p *Pair) take() error {
	if p.seen.failure != "" {
		return errors.New(p.seen.failure)
	}
	pair, err := tls.X509KeyPair([]byte(p.seen.cert), []byte(p.seen.key))
	if err != nil {
		return fmt.Errorf("%s and %s: %w", p.certFile, p.keyFile, err)
	}
	p.warn(pair.Leaf)
	p.serves.Store(&pair)
	return nil
}

// warn tells of what an owner would want to know and what is no reason not to serve.
func (p *Pair) warn(leaf *x509.Certificate) {
	if now := time.Now(); now.After(leaf.NotAfter) || now.Before(leaf.NotBefore) {
		p.log.Warn("the TLS certificate is not valid now", "file", p.certFile, "from", leaf.NotBefore, "until", leaf.NotAfter)
	}
	if info, err := os.Stat(p.keyFile); err == nil && info.Mode().Perm()&0o007 != 0 {
		p.log.Warn("everybody on this machine may use the key of the TLS certificate: chmod o= "+p.keyFile, "mode", info.Mode().Perm().String())
	}
}

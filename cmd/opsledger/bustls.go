package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"

	"github.com/nats-io/nats.go"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/loopback"
)

// busTLS is how an outside NATS is told from another server, and what proves to it who
// connects. Whoever gives one of the files wants TLS: without it nothing connects. The
// files are read again at each connection.
type busTLS struct{ CA, Cert, Key string }

// busAddress is where an agent finds NATS: at the URL, or where its credentials say if
// that is empty.
type busAddress struct {
	URL string
	TLS busTLS
}

func (b *busTLS) flags() []cli.Flag {
	return []cli.Flag{
		textFlag("nats-ca", "`file` with the certificates (PEM) that an outside NATS is checked against; requires TLS", "", &b.CA),
		textFlag("nats-cert", "`file` with the certificate (PEM) that is shown to an outside NATS; requires TLS", "", &b.Cert),
		textFlag("nats-key", "`file` with the key of that certificate", "", &b.Key),
	}
}

// check refuses half of a pair, and files for a NATS that nobody names.
func (b busTLS) check(servers string) error {
	if servers == "" && b != (busTLS{}) {
		return errors.New("--nats-url: is missing beside --nats-ca, --nats-cert or --nats-key")
	}
	return checkPair("--nats-cert", b.Cert, "--nats-key", b.Key)
}

// options make a connection use TLS where a file is given, in place of what options before
// them say of TLS. An error in a file is an error of connecting.
func (b busTLS) options() (options []nats.Option) {
	if b == (busTLS{}) {
		return nil
	}
	options = append(options, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS12}))
	if b.CA != "" {
		options = append(options, asFlag("--nats-ca", nats.RootCAs(b.CA)))
	}
	if b.Cert != "" {
		options = append(options, asFlag("--nats-cert and --nats-key", nats.ClientCert(b.Cert, b.Key)))
	}
	return options
}

// asFlag says in an option's error which flag is wrong.
func asFlag(flag string, option nats.Option) nats.Option {
	return func(o *nats.Options) error { return named(flag, option(o)) }
}

// inClear returns a warning for a connection that goes to another machine without TLS,
// else an empty text.
func inClear(nc *nats.Conn) string {
	if _, err := nc.TLSConnectionState(); err == nil {
		return ""
	}
	at, err := url.Parse(nc.ConnectedUrl())
	if err != nil || loopback.Names(at.Hostname()) {
		return ""
	}
	return fmt.Sprintf("what goes to NATS at %s is not encrypted: give --nats-ca, or write tls:// in --nats-url", at.Host)
}

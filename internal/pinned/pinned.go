// Package pinned is TLS between programs that know each other's keys: a server's
// self-signed certificate, and clients that trust a certificate for its key (its pin) and
// for nothing else.
package pinned

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// ErrOther says that a server shows a certificate that is none of those expected.
var ErrOther = errors.New("the server shows another certificate than the pinned one")

// Certificate is a self-signed certificate with its key.
type Certificate struct {
	certificate tls.Certificate
	pin         string
}

// New returns the certificate of a key, which is always the same for the same key. It
// never expires: whoever pins a key asks for no date, and another key makes it void.
func New(key ed25519.PrivateKey) (Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "opsledger"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:  time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // no well-defined end, RFC 5280 4.1.2.5
		KeyUsage:  x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return Certificate{}, fmt.Errorf("make a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return Certificate{}, fmt.Errorf("make a certificate: %w", err)
	}
	return Certificate{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pinOf(leaf)}, nil
}

// Pin is how clients know the certificate: "sha256/" and the SHA-256 of its public key
// (the SubjectPublicKeyInfo in DER), in base64.
func (c Certificate) Pin() string { return c.pin }

func pinOf(leaf *x509.Certificate) string {
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return "sha256/" + base64.StdEncoding.EncodeToString(sum[:])
}

// Server returns the TLS of a server that shows the current certificate to each client.
func Server(current func(context.Context) Certificate) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			c := current(hello.Context()).certificate
			return &c, nil
		},
		// A resumed session would show the certificate of before.
		SessionTicketsDisabled: true,
	}
}

// Client returns the TLS of a client that trusts the keys with the pins and nobody else.
// With others it also trusts whom the system trusts for the server's name.
func Client(pins func() []string, others bool) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The library's verification is replaced by the one below, which is part of every
		// handshake.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return ErrOther
			}
			if slices.Contains(pins(), pinOf(s.PeerCertificates[0])) {
				return nil
			}
			if !others {
				return ErrOther
			}
			return verifyBySystem(s)
		},
	}
}

// verifyBySystem is the verification that crypto/tls does by itself elsewhere.
func verifyBySystem(s tls.ConnectionState) error {
	if s.ServerName == "" {
		return errors.New("the server has no name to verify")
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: s.ServerName, Intermediates: between})
	return err
}

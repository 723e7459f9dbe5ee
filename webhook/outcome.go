package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/publicdial"
)

// Outcome is what came of a message.
type Outcome struct {
	// Status is that of the reply, 0 if there was none.
	Status int
	// Err is why there was none.
	Err    error
	Took   time.Duration
	within time.Duration
}

// Delivered says whether the receiver has taken the message.
func (o Outcome) Delivered() bool { return o.Err == nil && o.Status >= 200 && o.Status < 300 }

// Gone says whether the receiver wants no more.
func (o Outcome) Gone() bool { return o.Err == nil && o.Status == http.StatusGone }

// Error says why the message was not delivered, to whoever named the receiver: neither the
// receiver's address nor anything that it sent is in it. It is empty for one that was.
func (o Outcome) Error() string {
	switch {
	case o.Delivered():
		return ""
	case o.Err != nil:
		return o.cause()
	case o.Status >= 300 && o.Status < 400:
		return fmt.Sprintf("the receiver answered %d: redirects are not followed", o.Status)
	default:
		return fmt.Sprintf("the receiver answered %d", o.Status)
	}
}

func (o Outcome) cause() string {
	var (
		name        *net.DNSError
		errno       syscall.Errno
		certificate *tls.CertificateVerificationError
		network     net.Error
	)
	refused, is := errors.AsType[*domain.Error](o.Err)
	switch {
	case is:
		return refused.Error()
	case errors.Is(o.Err, vault.ErrNotFound):
		return "its address or its key is not in the vault: set the url anew, and rotate the secret"
	case errors.Is(o.Err, publicdial.ErrNotPublic):
		return publicdial.ErrNotPublic.Error() + ", and opsledger was not started with --webhook-allow for it"
	case errors.Is(o.Err, publicdial.ErrNotAllowed):
		return "the host is not allowed by --webhook-allow, and http goes to what is allowed alone"
	case errors.Is(o.Err, context.DeadlineExceeded), errors.As(o.Err, &network) && network.Timeout():
		return fmt.Sprintf("no answer within %s", o.within)
	case errors.As(o.Err, &name):
		return "the host's name is not found"
	case errors.As(o.Err, &certificate):
		return "the receiver's certificate " + fault(certificate.Err)
	case errors.As(o.Err, &errno):
		return errno.Error()
	default:
		return "the connection broke before there was an answer"
	}
}

// fault says what is wrong with a certificate, and nothing that stands in it.
func fault(err error) string {
	var (
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &host):
		return "is not for the host's name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has expired or is not valid yet"
	default:
		return "is not of an authority that is trusted"
	}
}

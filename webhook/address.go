package webhook

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/publicdial"
)

// maxAddress bounds the address of a receiver.
const maxAddress = 2048

// Address is where a receiver is.
type Address struct{ url *url.URL }

// String is the whole of it, with what is secret.
func (a Address) String() string { return a.url.String() }

// Origin is scheme, host and port: what is no secret.
func (a Address) Origin() string { return a.url.Scheme + "://" + a.url.Host }

// Address reads the address of a receiver. The error is a [*domain.Error] on the field url. That
// the name of a host leads to an address that is not public shows when it is connected to.
func (s *Sender) Address(text string) (a Address, err error) {
	if len(text) > maxAddress {
		return a, domain.Invalid("url", "must have at most %d bytes", maxAddress)
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Host == "" {
		return a, domain.Invalid("url", "must be a URL, such as https://hooks.example.com/opsledger")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host, port, good := hostAndPort(u)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return a, domain.Invalid("url", "must begin with https://")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return a, domain.Invalid("url", "must not have a fragment: no receiver gets it")
	case !good:
		return a, domain.Invalid("url", "must have a port of 1 to 65535, or none")
	case publicdial.CheckHost(host) != nil:
		return a, domain.Invalid("url", "must have a host name in ASCII letters, or an IP address in its usual form")
	case u.Scheme == "http" && !s.mayBeInClear(host, port):
		return a, domain.Invalid("url", "must begin with https://, since opsledger was not started with --webhook-allow for its host")
	}
	if addr, err := netip.ParseAddr(host); err == nil && s.dialer(u.Scheme).Check(addr, port) != nil {
		return a, domain.Invalid("url", "must not be at an address that is not public, since opsledger was not started with --webhook-allow for it")
	}
	return Address{u}, nil
}

// hostAndPort are where a URL leads.
func hostAndPort(u *url.URL) (host string, port uint16, good bool) {
	text := u.Port()
	if text == "" && u.Scheme == "http" {
		text = "80"
	} else if text == "" {
		text = "443"
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return u.Hostname(), uint16(n), err == nil && n > 0 && !strings.HasSuffix(u.Host, ":")
}

// mayBeInClear says whether something may be sent to a host by http. Where addresses are allowed, a
// name may lead to one.
func (s *Sender) mayBeInClear(host string, port uint16) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return s.clear.Check(addr, port) == nil
	}
	addresses := func(a publicdial.Allowed) bool { return a.HasAddresses() }
	return s.clear.Names(host, port) || slices.ContainsFunc(s.cfg.Allow, addresses)
}

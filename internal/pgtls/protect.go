// Package pgtls keeps what goes to a PostgreSQL on another machine from going there in
// clear by accident.
//
// Stage in the flow: whoever has parsed the address of a PostgreSQL calls [Protect]
// before the first connection, and hands an error of connecting to [Explain].
//
// Contract: what PostgreSQL's own clients do by default, to encrypt if the server happens
// to offer it, is done on this machine alone: whoever stands in between decides what is
// offered.
//
// It must not know what the database is for.
package pgtls

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/opsledger/opsledger/internal/loopback"
)

// Protect changes how a parsed configuration connects, and returns the other machines
// that it reaches in clear, since its address says sslmode=disable.
//
// Invariant: no connection leaves this machine in clear unless the address says
// sslmode=disable. Without sslmode, or with prefer or allow, which may fall back to
// plain text, the server must prove that it is the host of the address, as with
// verify-full. Sockets and loopback addresses are left as they were.
func Protect(c *pgconn.Config) (inClear []string) {
	attempts := append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	encrypts := slices.ContainsFunc(attempts, func(a *pgconn.FallbackConfig) bool { return remote(a.Host) && a.TLSConfig != nil })
	inClear = plainHosts(attempts)
	if !encrypts || len(inClear) == 0 {
		return inClear
	}
	attempts = slices.DeleteFunc(attempts, func(a *pgconn.FallbackConfig) bool { return remote(a.Host) && a.TLSConfig == nil })
	for _, a := range attempts {
		if remote(a.Host) {
			a.TLSConfig.InsecureSkipVerify, a.TLSConfig.ServerName = false, a.Host
		}
	}
	c.Host, c.Port, c.TLSConfig, c.Fallbacks = attempts[0].Host, attempts[0].Port, attempts[0].TLSConfig, attempts[1:]
	return nil
}

// plainHosts are the other machines that are reached without TLS, each once.
func plainHosts(attempts []*pgconn.FallbackConfig) (hosts []string) {
	for _, a := range attempts {
		if remote(a.Host) && a.TLSConfig == nil && !slices.Contains(hosts, a.Host) {
			hosts = append(hosts, a.Host)
		}
	}
	return hosts
}

// remote says whether a host may be another machine. A name that is not localhost may
// be, whatever address it has at the moment.
func remote(host string) bool {
	network, _ := pgconn.NetworkAddress(host, 0)
	return network != "unix" && !loopback.Names(host)
}

// Explain adds to an error of a connection that was to be encrypted what may be written
// into the address. It leaves any other error as it is.
func Explain(err error) error {
	var untrusted *tls.CertificateVerificationError
	if err == nil || !errors.As(err, &untrusted) && !strings.Contains(err.Error(), "server refused TLS connection") {
		return err
	}
	return fmt.Errorf("%w. In the address, sslmode=verify-full&sslrootcert=FILE trusts the certificates in FILE (and is what "+
		"another machine needs without sslmode), sslmode=require encrypts without asking who answers, sslmode=disable sends all in clear", err)
}

// Unreadable says why an address could not be parsed, as far as that can be said without
// repeating the address, which may hold a password: what is wrong with the TLS of it.
func Unreadable(err error) error {
	if _, why, found := strings.Cut(err.Error(), "failed to configure TLS ("); found {
		return errors.New(strings.TrimSuffix(why, ")"))
	}
	return errors.New("cannot be understood")
}

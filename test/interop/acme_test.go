//go:build interop

package interop

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// authority is an ACME server that looks for challenges at the stack's name server.
type authority struct {
	// directory is its URL, and ca the file of the certificate by which it is known.
	directory, ca string
}

func (s *stack) startPebble(t *testing.T, pebble program) authority {
	t.Helper()
	if pebble.missing != "" {
		t.Skip("pebble is " + pebble.missing)
	}
	ca := testkit.NewCA(t)
	certificate, key := ca.Issue("localhost", "127.0.0.1")
	listen, manage := testkit.Address(t), testkit.Address(t)
	conf, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": certificate, "privateKey": key,
		"httpPort": 5002, "tlsPort": 5001, "externalAccountBindingRequired": false,
	}})
	if err != nil {
		t.Fatal(err)
	}
	pebble.start(t, "ACME directory available at", []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0"},
		"-config", write(t, "pebble.json", string(conf)), "-dnsserver", s.DNS, "-strict")
	a := authority{"https://" + listen + "/dir", ca.File}
	text, err := os.ReadFile(ca.File)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	testkit.Eventually(t, "pebble answers", func() bool {
		reply, err := client.Get(a.directory)
		if err == nil {
			err = reply.Body.Close()
		}
		return err == nil
	})
	return a
}

// ofACME are the bounds of the narrowest credential that does for ACME.
const ofACME = `{"names":["_acme-challenge.**"],"types":["TXT"]}`

// issues has an ACME client get a certificate for a zone, all names below it, and a name in another zone
// further down, and wants no challenge to be left.
func issues(t *testing.T, s *stack, pebble program, client func(a authority, names []string) (certificate string)) {
	t.Helper()
	s.zone("example.com")
	s.zone("sub.example.org")
	a := s.startPebble(t, pebble)
	names := []string{"example.com", "*.example.com", "deep.www.sub.example.org"}
	before := s.Head()
	text, err := os.ReadFile(client(a, names))
	if err != nil || !strings.Contains(string(text), "BEGIN CERTIFICATE") {
		t.Fatalf("no certificate: %v: %s", err, text)
	}
	if s.Head() < before+6 { // three challenges come and go
		t.Errorf("%d events", s.Head()-before)
	}
	s.wants(t, "example.com", nil, []string{"_acme-challenge"})
	s.wants(t, "sub.example.org", nil, []string{"_acme-challenge"})
}

func TestCertbot(t *testing.T) {
	t.Parallel()
	certbot, pebble := find(t, "certbot", "certbot ", "--version"), find(t, "pebble", "", "-version")
	for _, signs := range []string{"false", "true"} {
		certbot.try(t, "dns-rfc2136 with pebble, sign_query = "+signs+": a zone, its wildcard, a name deep in another", func(t *testing.T) {
			s := newStack(t)
			issues(t, s, pebble, func(a authority, names []string) string {
				k, dir := s.key(t, "acme", ofACME), t.TempDir()
				ini := fmt.Sprintf("dns_rfc2136_server = %s\ndns_rfc2136_port = %s\ndns_rfc2136_name = %s\ndns_rfc2136_secret = %s\n"+
					"dns_rfc2136_algorithm = HMAC-SHA256\ndns_rfc2136_sign_query = %s\n", s.host, s.port, k.name, k.secret, signs)
				args := []string{"certonly", "--non-interactive", "--agree-tos", "--register-unsafely-without-email", "--server", a.directory,
					"--config-dir", dir, "--work-dir", dir, "--logs-dir", dir, "--cert-name", "it",
					"--dns-rfc2136", "--dns-rfc2136-credentials", write(t, "rfc2136.ini", ini), "--dns-rfc2136-propagation-seconds", "2"}
				for _, name := range names {
					args = append(args, "-d", name)
				}
				certbot.run(t, []string{"REQUESTS_CA_BUNDLE=" + a.ca}, args...)
				return filepath.Join(dir, "live", "it", "fullchain.pem")
			})
		})
	}
}

func TestLego(t *testing.T) {
	t.Parallel()
	lego, pebble := find(t, "lego", "version ", "--version"), find(t, "pebble", "", "-version")
	lego.try(t, "rfc2136 with pebble: a zone, its wildcard, a name deep in another", func(t *testing.T) {
		s := newStack(t)
		issues(t, s, pebble, func(a authority, names []string) string {
			k := s.key(t, "acme", ofACME)
			return lego.certificate(t, s, a, names, "rfc2136", "RFC2136_NAMESERVER="+s.door(), "RFC2136_TSIG_KEY="+k.name,
				"RFC2136_TSIG_SECRET="+k.secret, "RFC2136_TSIG_ALGORITHM=hmac-sha256.", "RFC2136_SEQUENCE_INTERVAL=1", "RFC2136_POLLING_INTERVAL=1")
		})
	})
}

func TestLegoPowerDNS(t *testing.T) {
	t.Parallel()
	lego, pebble := find(t, "lego", "version ", "--version"), find(t, "pebble", "", "-version")
	lego.try(t, "pdns with pebble: a zone, its wildcard, a name deep in another", func(t *testing.T) {
		s := newStack(t)
		issues(t, s, pebble, func(a authority, names []string) string {
			return lego.certificate(t, s, a, names, "pdns", "PDNS_API_URL=http://"+s.Address, "PDNS_API_KEY="+s.token(t, "acme", ofACME), "PDNS_POLLING_INTERVAL=1")
		})
	})
}

// certificate has lego get a certificate, and returns its file. It looks at challenges nowhere itself: its own
// look goes to the names of name servers, which on loopback lead nowhere.
func (p program) certificate(t *testing.T, s *stack, a authority, names []string, provider string, environment ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--server", a.directory, "--accept-tos", "--email", "me@example.com", "--path", dir, "--dns", provider,
		"--dns.resolvers", s.DNS, "--dns.disable-cp"}
	for _, name := range names {
		args = append(args, "-d", name)
	}
	p.run(t, append(environment, "LEGO_CA_CERTIFICATES="+a.ca), append(args, "run")...)
	return filepath.Join(dir, "certificates", names[0]+".crt")
}

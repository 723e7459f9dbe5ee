//go:build interop

package interop

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/testkit"
)

// secondary is a name server that copies example.com from the door. BIND only listens at addresses that the
// machine has.
type secondary struct {
	program
	address string
	// ready is what it says when it runs.
	ready string
	// conf makes its configuration, in a folder that it may write to.
	conf func(s *stack, k key, at place) string
	args func(conf string) []string
}

// place is where a secondary listens, and works.
type place struct{ address, port, dir string }

func secondaries(t *testing.T) []secondary {
	return []secondary{
		{find(t, "named", "BIND ", "-v"), "127.0.0.1", "running", bindConf, func(conf string) []string { return []string{"-g", "-n", "1", "-c", conf} }},
		{find(t, "knotd", "version ", "--version"), "127.0.0.12", "server started", knotConf, func(conf string) []string { return []string{"-c", conf} }},
		{find(t, "nsd", "version ", "-v"), "127.0.0.13", "nsd started", nsdConf, func(conf string) []string { return []string{"-d", "-c", conf} }},
	}
}

func bindConf(s *stack, k key, at place) string {
	return fmt.Sprintf(`controls { };
options {
	directory "%[1]s"; pid-file "named.pid"; session-keyfile "session.key"; recursion no; dnssec-validation no;
	listen-on port %[3]s { %[2]s; }; listen-on-v6 { none; }; allow-transfer { 127.0.0.0/8; };
};
key "%[4]s" { algorithm hmac-sha256; secret "%[5]s"; };
zone "example.com" {
	type secondary; file "example.com.db"; transfer-source %[2]s;
	primaries { %[6]s port %[7]s key "%[4]s"; };
};
`, at.dir, at.address, at.port, k.name, k.secret, s.host, s.port)
}

func knotConf(s *stack, k key, at place) string {
	return fmt.Sprintf(`server:
    rundir: "%[1]s"
    listen: %[2]s@%[3]s
database:
    storage: "%[1]s"
log:
  - target: stderr
    any: info
key:
  - id: %[4]s
    algorithm: hmac-sha256
    secret: %[5]s
remote:
  - id: opsledger
    address: %[6]s@%[7]s
    via: %[2]s
    key: %[4]s
acl:
  - id: notified
    address: %[6]s
    key: %[4]s
    action: notify
  - id: looked-at
    address: 127.0.0.0/8
    action: transfer
zone:
  - domain: example.com
    storage: "%[1]s"
    master: opsledger
    acl: [looked-at, notified]
`, at.dir, at.address, at.port, k.name, k.secret, s.host, s.port)
}

func nsdConf(s *stack, k key, at place) string {
	return fmt.Sprintf(`server:
    ip-address: %[2]s@%[3]s
    server-count: 1
    username: ""
    zonesdir: "%[1]s"
    database: ""
    pidfile: "%[1]s/nsd.pid"
    xfrdfile: "%[1]s/xfrd.state"
    xfrdir: "%[1]s"
    zonelistfile: "%[1]s/zone.list"
    verbosity: 2
remote-control:
    control-enable: no
key:
    name: %[4]s
    algorithm: hmac-sha256
    secret: "%[5]s"
zone:
    name: example.com
    zonefile: example.com.zone
    request-xfr: %[6]s@%[7]s %[4]s
    allow-notify: %[6]s %[4]s
    outgoing-interface: %[2]s
    provide-xfr: 127.0.0.0/8 NOKEY
`, at.dir, at.address, at.port, k.name, k.secret, s.host, s.port)
}

// transfers is how many answers of a kind the door has given.
func (s *stack) transfers(t *testing.T, what string) (n int) {
	t.Helper()
	_, text := s.Call(http.MethodGet, "/metrics", "")
	for line := range strings.Lines(text) {
		if rest, is := strings.CutPrefix(line, `opsledger_dns_message_duration_seconds_count{rcode="NOERROR",what="`+what+`"} `); is {
			_, _ = fmt.Sscan(rest, &n)
		}
	}
	return n
}

// serialAt is the serial that a server has of the zone, 0 for none.
func serialAt(t *testing.T, server string) uint32 {
	m := new(mdns.Msg).SetQuestion("example.com.", mdns.TypeSOA)
	m.RecursionDesired = false
	reply, _, err := new(mdns.Client).ExchangeContext(t.Context(), m, server)
	if err == nil && len(reply.Answer) == 1 {
		if soa, is := reply.Answer[0].(*mdns.SOA); is {
			return soa.Serial
		}
	}
	return 0
}

// A BIND, a Knot and an NSD copy a zone and follow its changes, each told by NOTIFY; what they have is what the
// door transfers.
func TestSecondaries(t *testing.T) {
	t.Parallel()
	for _, n := range secondaries(t) {
		n.try(t, "secondary by TSIG: AXFR, then NOTIFY and IXFR at each change", func(t *testing.T) {
			t.Parallel()
			_, port, err := net.SplitHostPort(testkit.Address(t))
			if err != nil {
				t.Fatal(err)
			}
			s := newStack(t, "--ddns-notify-port", port)
			zone := s.zone("example.com")
			for i := range 200 {
				s.Post("/dns/records", fmt.Sprintf(`{"zone_id":%s,"view_name":"office","host":"host%d","record_type":"TXT","ttl":60,"value":"a %d"}`, zone, i, i))
			}
			k := s.key(t, "secondary", `{"read_only":true,"zones":["example.com"]}`)
			at := place{n.address, port, t.TempDir()}
			if err := os.Chmod(at.dir, 0o777); err != nil {
				t.Fatal(err)
			}
			conf := filepath.Join(at.dir, "server.conf")
			if err := os.WriteFile(conf, []byte(n.conf(s, k, at)), 0o644); err != nil {
				t.Fatal(err)
			}
			n.start(t, n.ready, nil, n.args(conf)...)
			look := s.key(t, "look", `{"read_only":true}`)
			follows := func(what string) {
				t.Helper()
				want, serial, err := transfer(t, s.door(), "example.com", look)
				if err != nil {
					t.Fatal(err)
				}
				server := net.JoinHostPort(at.address, at.port)
				testkit.Eventually(t, what, func() bool { return serialAt(t, server) == serial })
				var records []string
				testkit.Eventually(t, what+", and sends it", func() bool { // Knot answers NOTAUTH for a moment after its first transfer
					records, _, err = transfer(t, server, "example.com", key{})
					return err == nil
				})
				if !slices.Equal(records, want) {
					t.Errorf("%s: %v\n%s\nwant\n%s", what, err, strings.Join(records, "\n"), strings.Join(want, "\n"))
				}
			}
			follows("it copies the zone")
			ixfr := s.transfers(t, "ixfr")
			for i, body := range []string{
				`{"zone_id":%s,"view_name":"office","host":"www","record_type":"A","ttl":60,"value":"192.0.2.1"}`,
				`{"zone_id":%s,"view_name":"office","host":"@","record_type":"MX","ttl":60,"value":"10 mail.example.net."}`,
				`{"zone_id":%s,"view_name":"office","host":"@","record_type":"NS","ttl":60,"value":"ns1.example.net."}`,
			} {
				s.Post("/dns/records", fmt.Sprintf(body, zone))
				follows(fmt.Sprint("it follows change ", i+1))
			}
			s.Delete("/dns/records/1")
			follows("it follows a deletion")
			if n := s.transfers(t, "ixfr") - ixfr; n < 3 {
				t.Errorf("it followed by %d IXFR", n)
			}
		})
	}
}
